"""Tags of every family, read into canonical keys."""
