"""Reading of audio files: formats, tags, pictures and the isolated reader process. No Django, no database."""
