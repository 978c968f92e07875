"""Database helpers that every app uses: ids, fields, locks, bulk writes, saving of changes."""
