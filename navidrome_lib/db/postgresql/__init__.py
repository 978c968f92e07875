"""Django's backend for PostgreSQL, which asks whether a kept connection still works only where that is in doubt."""
