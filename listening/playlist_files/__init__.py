"""Playlists as files: read and written as M3U, read from the JSON of smart playlists, found in libraries."""
