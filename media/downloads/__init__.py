"""Albums, artists and playlists as ZIP archives."""
