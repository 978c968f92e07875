"""navidrome-lib: a music library management server."""
