"""Isolated processes that read files."""
