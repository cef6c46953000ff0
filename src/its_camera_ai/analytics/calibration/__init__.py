"""From point pairs, markings or tracked vehicles to the ground plane, and its errors."""
