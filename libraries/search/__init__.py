"""Find songs by the beginnings of their words."""
