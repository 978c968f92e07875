"""Re-export `navidrome_lib.db.ids` for migrations, which keep the paths that they were written with."""

from navidrome_lib.db.ids import new_id

__all__ = ["new_id"]
