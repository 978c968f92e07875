"""List a library: its root, folders, links, ignore rules and change keys. No database."""
