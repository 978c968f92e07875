"""`python -m navidrome_lib.runner.beat`: the scheduler of the one-command server, with the options of the server."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")

from django.conf import settings

from navidrome_lib.celery import app


def main() -> None:
    """Send what is due until a signal."""
    app.Beat(quiet=True, loglevel=settings.CONF.log_level.upper()).run()


if __name__ == "__main__":
    main()
