"""Re-export `navidrome_lib.db.fields` for migrations, which keep the paths that they were written with."""

from navidrome_lib.db.fields import KeyField

__all__ = ["KeyField"]
