"""Write batches of folders with their tracks, artists, genres, problems and changes."""
