"""Looks after libraries between scans: `service.Service` asks for scans of the folders in which something changed."""
