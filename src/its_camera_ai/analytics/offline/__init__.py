"""A video file from end to end: pictures to facts to a folder of results."""
