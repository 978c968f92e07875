"""Asking other services over HTTP, within limits."""
