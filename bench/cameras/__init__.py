"""The parts of the camera benchmarks: the cameras, the site, the peer, the figures."""
