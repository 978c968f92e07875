"""The calls, one file per chapter of the protocol."""
