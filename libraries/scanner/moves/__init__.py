"""Follow tracks that moved: match gone files to new ones, and mark as missing what is left."""
