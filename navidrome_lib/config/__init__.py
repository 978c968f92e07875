"""The options of the server: their typed readers, their declarations, and the keys that it makes for itself."""
