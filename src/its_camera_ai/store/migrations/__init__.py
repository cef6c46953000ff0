"""Migrations of the database, packaged so that the program can run them itself."""
