"""From point pairs, markings or tracked vehicles to the ground plane, and how far it can be trusted."""
