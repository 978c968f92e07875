"""What services outside know of albums and artists: asked for in the background, kept, and never waited for."""
