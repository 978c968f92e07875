"""Looks after libraries between scans: `service.Watcher` asks for scans of the folders in which something changed."""
