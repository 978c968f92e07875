"""navidrome-lib: a music library management server."""

# every process that imports the project must send its tasks through our application: without this, Celery falls back
# to one of its own that knows no broker
from navidrome_lib.celery import app as celery_app

__all__ = ["celery_app"]
