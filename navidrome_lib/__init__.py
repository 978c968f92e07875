"""navidrome-lib: a music library management server."""

__version__ = "0.1.0"
