"""Lyrics: in files, and beside them."""
