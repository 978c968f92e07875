"""`manage.py rotate_keys`: replace the keys of tokens and app passwords; `--end-sessions` ends all sessions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from navidrome_lib.audit.services import record
from users.app_passwords import rotate_secrets
from users.key_files import jwt_keys, subsonic_keys


class Command(BaseCommand):
    """Make new keys. The one before is honoured until the next rotation, so that nothing in use breaks."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--end-sessions", action="store_true", help="drop the old token key at once: everyone has to sign in again"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # the old key stays one round: a process that read the file just before may still write with it
        subsonic_keys.replace([subsonic_keys.make(), subsonic_keys.read()[0]])
        count = rotate_secrets(subsonic_keys.read())
        old = [] if options["end_sessions"] else [jwt_keys.read()[0]]
        jwt_keys.replace([jwt_keys.make(), *old])
        record("keys.rotate", {"app_passwords": count, "ended_sessions": options["end_sessions"]}, kind="keys")
        self.stdout.write(f"New keys are in use; {count} passwords were re-encrypted.")
