"""`manage.py ensure_library PATH`: the folder is a library, whether or not it was one before."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from libraries.models import Library
from libraries.services import libraries
from libraries.services.library_rules import prepare_library
from libraries.storage.roots import real_path
from navidrome_lib.controls import escape_controls
from navidrome_lib.errors import InvalidInput


class Command(BaseCommand):
    help = "Add a folder as a library, named after the folder, and queue its first scan. An existing library is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", help="the folder, on this machine")
        parser.add_argument("--name", default="", help="the library's name (default: the folder's)")

    def handle(self, *args: Any, **options: Any) -> None:
        path = os.path.abspath(os.path.expanduser(options["path"]))
        real = real_path(path)
        for library in Library.objects.active():
            if real_path(library.path) == real:
                self.stdout.write(f"“{library.name}” is already a library.")
                return
        try:
            prepared = prepare_library(
                {
                    "name": self.free_name(options["name"] or escape_controls(os.path.basename(path)) or "Music"),
                    "path": path,
                    "default_new_users": not Library.objects.active().exists(),
                }
            )
            library = libraries.create_library(prepared, requested_by="ensure_library")
        except InvalidInput as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"Added the library “{library.name}” and queued its first scan.")

    def free_name(self, name: str) -> str:
        """`name`, with a number when another library has it."""
        taken = set(Library.objects.active().values_list("name_key", flat=True))
        candidates = [name, *(f"{name} {number}" for number in range(2, 1000))]
        return next(candidate for candidate in candidates if candidate.strip().casefold() not in taken)
