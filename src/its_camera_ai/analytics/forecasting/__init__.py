"""What is to be expected in the next hours, and what is unusual now."""
