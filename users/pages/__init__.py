"""Pages for everybody: the first start, signing in, and one's own account. They work without JavaScript."""
