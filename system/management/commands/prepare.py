"""`manage.py prepare`: what must be done before the services start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from navidrome_lib.config.redis_urls import OPEN_BROKER, is_open
from users.models import User
from users.setup_code import end_setup_code, setup_code


class Command(BaseCommand):
    """Migrate the database, then create the admin and the library that the environment asks for."""

    help = "Migrate the database, then create the admin of ND_ADMIN_USER and the library of ND_MUSICFOLDER."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--report", type=Path, metavar="FILE", help="write there, as JSON, what was found")

    def handle(self, *args: Any, **options: Any) -> None:
        if is_open(settings.CELERY_BROKER_URL):
            self.stderr.write(f"Warning: {OPEN_BROKER}")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("ensure_admin", stdout=self.stdout)
        if settings.CONF.music_folder is not None:
            try:
                call_command("ensure_library", str(settings.CONF.music_folder), stdout=self.stdout)
            except CommandError as error:
                raise CommandError(f"ND_MUSICFOLDER: {error}") from None
        if User.objects.exists():
            end_setup_code()  # an account may have been created with another data folder
            code = ""
        else:
            code = setup_code()
        if options["report"]:
            options["report"].write_text(json.dumps({"setup_code": code}), encoding="utf-8")
