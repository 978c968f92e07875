"""Pictures that people give to playlists, radio stations and artists."""
