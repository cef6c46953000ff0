"""The processes. Wiring only: what they do is written in the rooms below."""
