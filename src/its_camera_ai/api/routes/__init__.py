"""The HTTP and WebSocket routes, one module per kind of thing. Each declares its policy."""
