"""Sites behind a bad uplink: sync with a hub, updates. Empty yet."""
