"""How long and where recordings are kept: retention, tiers, compression, garbage."""
