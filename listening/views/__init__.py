"""The native API of what people add."""
