"""All that is measured on one camera's tracks, in one place."""
