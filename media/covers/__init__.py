"""Covers: which picture belongs to what, and what is known of it."""
