"""Audio formats: which files are audio, and a reader for each kind."""
