"""A trained model over HTTP, and live over a WebSocket; needs `pip install skeleton-runtime[serve]`."""
