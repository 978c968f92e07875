"""Shares as people without an account meet them: a page with a player, and what it plays and shows."""
