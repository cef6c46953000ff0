"""What must survive: database, vault, site files."""
