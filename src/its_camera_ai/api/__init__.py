"""HTTP, WebSocket, live pictures."""
