"""Bring the data folder up to date in one Django process: migrations, the first admin, the music folder."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command


def main(report: Path) -> None:
    """Do what the environment asks for, and report whether anybody can sign in yet."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")
    django.setup()
    # files are served from the packages; the folder for more of them need not have any, but must exist
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    if os.environ.get("ND_ADMIN_USER") and os.environ.get("ND_ADMIN_PASSWORD"):
        call_command("ensure_admin")
    if music := os.environ.get("ND_MUSICFOLDER"):
        call_command("ensure_library", music)
    report.write_text(json.dumps({"users": get_user_model()._default_manager.exists()}), encoding="utf-8")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except CommandError as error:
        sys.exit(str(error))
