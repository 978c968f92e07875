"""`manage.py missing list|purge|purges|undo|export`"""

from __future__ import annotations

from argparse import ArgumentParser, FileType
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from libraries.models import Library
from libraries.models.library import name_key
from missing import purges
from missing.export import export_lines
from missing.models import MissingFile, Purge
from missing.params import possible
from missing.purge_preview import preview_purge
from missing.querysets import MissingFileQuerySet
from navidrome_lib.admin import formatting
from navidrome_lib.errors import DomainError


class Command(BaseCommand):
    help = "List missing files, purge them from the catalog, and undo or export a purge. No file on the disk changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="show the missing files")
        listing.add_argument("--library", help="only of this library (id or name)")
        purge = actions.add_parser("purge", help="remove missing files from the catalog")
        purge.add_argument("id", nargs="*", help="ids of the files; without any, give --ids, --all or --library")
        purge.add_argument("--ids", type=FileType(encoding="ascii", errors="replace"), metavar="FILE",
                           help="read the ids from FILE, one a line; -: the standard input")  # fmt: skip
        purge.add_argument("--all", action="store_true", help="every missing file")
        purge.add_argument("--library", help="every missing file of this library (id or name)")
        purge.add_argument("--dry-run", action="store_true", help="only show what would be removed")
        actions.add_parser("purges", help="show the purges that can be undone")
        undo = actions.add_parser("undo", help="restore the files of a purge")
        undo.add_argument("purge", help="id of the purge")
        undo.add_argument("--dry-run", action="store_true", help="only show what would be restored")
        export = actions.add_parser("export", help="write the files of a purge as JSON lines")
        export.add_argument("purge", help="id of the purge")
        export.add_argument("--output", type=Path, help="a new file; otherwise the standard output")

    def handle(self, *_: Any, **options: Any) -> None:
        action = getattr(self, f"do_{options['action']}")
        try:
            action(options)
        except DomainError as error:
            raise CommandError(error.message) from None

    def do_list(self, options: dict[str, Any]) -> None:
        files = find_files(options["library"]).select_related("library").order_by("library__name_key", "path", "pk")
        count = 0
        for file in files.iterator(1000):
            count += 1
            self.stdout.write(f"{file.pk}  {file.library.name}  {file.path}")
        self.stdout.write(f"Missing: {formatting.files(count)}.")

    def do_purge(self, options: dict[str, Any]) -> None:
        named, everything = options["id"], options["all"] or options["library"]
        if options["ids"] is not None:
            with options["ids"] as file:
                named = [*named, *file.read().split()]
            if not named:
                raise CommandError("The file contains no ids.")
        if bool(named) == bool(everything):
            raise CommandError("Choose the files: give their ids, --ids, --library or --all.")
        if named:
            ids = purges.select_missing(possible(named))
        else:
            ids = list(find_files(options["library"]).values_list("pk", flat=True))
        if options["dry_run"]:
            self.show_preview(ids)
            return
        result = purges.purge_missing_files(ids, requested_by="command")
        self.stdout.write(f"Removed {formatting.files(len(result.ids))} from the catalog.")
        if result.purge:
            self.stdout.write(f"You can undo this for 30 days: manage.py missing undo {result.purge.pk}")

    def show_preview(self, ids: list[str]) -> None:
        preview = preview_purge(ids)
        size = formatting.size(preview.size)
        self.stdout.write(f"Would remove {formatting.files(len(ids))} ({size}) from the catalog.")
        for name, rows in (("album", preview.albums), ("artist", preview.artists), ("folder", preview.folders)):
            for row in rows:
                self.stdout.write(f"Left without songs: {name} {row}")
        for name, count in preview.attached.items():
            self.stdout.write(f"This also removes {count} {name}.")

    def do_purges(self, options: dict[str, Any]) -> None:
        for purge in Purge.objects.with_restorable().order_by("-created_at", "pk"):
            self.stdout.write(
                f"{purge.pk}  {purge.created_at:%Y-%m-%d %H:%M}  {purge.created_by or purge.reason}  "
                f"{formatting.files(purge.file_count)}, {purge.restorable} can be restored until "
                f"{purge.expires_at:%Y-%m-%d}"
            )

    def do_undo(self, options: dict[str, Any]) -> None:
        purge = find_purge(options["purge"])
        if options["dry_run"]:
            self.stdout.write(f"Would restore {formatting.files(purge.files.count())} as missing.")
            return
        result = purges.undo_purge(purge)
        self.stdout.write(f"Restored {formatting.files(len(result.ids))} as missing.")
        for place in result.occupied:
            self.stdout.write(f"Another file is at {place.path} now: {place.song_id}")

    def do_export(self, options: dict[str, Any]) -> None:
        purge = find_purge(options["purge"])
        if options["output"] is None:
            for line in export_lines(purge):
                self.stdout.write(line.decode(), ending="")
            return
        try:
            with options["output"].open("xb") as file:
                file.writelines(export_lines(purge))
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}") from None


def find_files(library: str | None) -> MissingFileQuerySet:
    """The missing files of one library, or of all."""
    files = MissingFile.objects.get_queryset().filter(library__deleted_at__isnull=True)
    return files if library is None else files.filter(library=find_library(library))


def find_library(text: str) -> Library:
    """A library by its id or its name."""
    libraries = Library.objects.active()
    found: Library | None = libraries.filter(name_key=name_key(text)).first()
    if found is None and text.isascii() and text.isdigit() and len(text) < 19:
        found = libraries.filter(pk=int(text)).first()
    if found is None:
        raise CommandError(f"There is no library “{text}”.")
    return found


def find_purge(text: str) -> Purge:
    """A purge that can still be undone."""
    purge = Purge.objects.filter(pk__in=possible([text])).first()
    if purge is None:
        raise CommandError(f"There is no purge “{text}”, or it has expired.")
    return purge
