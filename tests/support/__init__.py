"""What tests share: one way each to make an audio file, a tree, a catalog, a process, a server, and to wait."""
