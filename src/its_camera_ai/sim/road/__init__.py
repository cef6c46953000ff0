"""A road without pictures: microscopic traffic in metres whose every measure is known exactly."""
