"""Packets: where they come from, when they happened, how they are decoded and packed."""
