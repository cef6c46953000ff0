"""What was measured, minute by minute, in tables that add up."""
