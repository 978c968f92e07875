"""Keep playlists in step with the files of libraries, behind each scan, until a person takes them over."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from libraries.audio.errors import AudioError
from libraries.audio.file import open_regular
from libraries.models import Library
from libraries.scanner import display, path_key
from libraries.timeouts import call_with_timeout
from listening.models import DismissedFile, Playlist, PlaylistTrack
from listening.playlist_files import m3u, nsp
from listening.playlist_files.resolve import resolve_lines
from listening.rules.evaluate import refresh
from listening.rules.parsing import RuleError
from listening.services.playlists import note_change, replace_tracks, write
from navidrome_lib.audit.services import clean, record
from navidrome_lib.viewer import Viewer

logger = logging.getLogger(__name__)

MAX_NAME: Final = 255
# playlist files of one library that are looked at
MAX_FILES: Final = 10_000


@dataclass(frozen=True)
class FoundFile:
    """A playlist file as it is on the disk: `version` goes by its size and times."""

    path: bytes
    version: str
    data: bytes = field(repr=False)

    @property
    def key(self) -> str:
        """What stands for its path."""
        return path_key(self.path)

    @property
    def name(self) -> str:
        """The clean name of the file."""
        return display(self.path.rpartition(b"/")[2])

    @property
    def is_smart(self) -> bool:
        """Whether it has rules, not tracks."""
        return self.path.lower().endswith(b".nsp")


def follow_scan(library_id: int, playlists: Sequence[bytes], changed: bool, **_: Any) -> None:
    """Receive `libraries.signals.scan_ended`."""
    if settings.CONF.auto_import_playlists and playlists:
        library = Library.objects.active().filter(pk=library_id).first()
        owner = first_admin()
        if library is not None and owner is not None:
            LibrarySync(library, owner).run(playlists[:MAX_FILES], changed=changed)


def first_admin() -> Viewer | None:
    """The oldest admin that is active: playlists of files are theirs at first."""
    admins = get_user_model()._default_manager.filter(is_active=True, is_superuser=True).order_by("created_at", "pk")
    found: Any = admins.first()
    return None if found is None else found.as_viewer()


class LibrarySync:
    """One look at the playlist files of a library."""

    def __init__(self, library: Library, owner: Viewer) -> None:
        self.library = library
        self.owner = owner
        self.root = os.fsencode(library.path)

    def run(self, paths: Iterable[bytes], *, changed: bool) -> None:
        """Read the files that are new or have changed; all of them where the catalog has changed.

        A file that cannot be read leaves its playlist as it is.
        """
        known = {row.file_key: row for row in Playlist.objects.filter(library=self.library).select_related("owner")}
        dismissed = dict(DismissedFile.objects.filter(library=self.library).values_list("file_key", "file_hash"))
        for path in sorted(paths):
            playlist = known.get(path_key(path))
            if playlist is not None and not playlist.sync:
                continue
            file = self.read(path, skip="" if changed or playlist is None else playlist.file_hash)
            if file is None or (playlist is None and dismissed.get(file.key) == file.version):
                continue
            try:
                self.take(file, playlist or self.moved(file, known))
            except RuleError as error:
                logger.warning("the playlist file %s is left out: %s", display(path), error)

    def read(self, path: bytes, *, skip: str) -> FoundFile | None:
        """A file, unless it is of the version `skip`; None where it cannot be read, too."""

        def look() -> FoundFile | None:
            source, facts = open_regular(os.path.join(self.root, path))
            with source:
                version = version_of(facts)
                if version == skip:
                    return None
                return FoundFile(path, version, source.get(0, min(source.size, m3u.MAX_BYTES)))

        try:
            return call_with_timeout(look, about=self.library.path)
        except (AudioError, OSError) as error:
            logger.warning("the playlist file %s could not be read: %s", display(path), error)
            return None

    def moved(self, file: FoundFile, known: Mapping[str, Playlist]) -> Playlist | None:
        """The playlist whose file has this version, and is not at its place any more: it was moved here."""
        for playlist in known.values():
            if playlist.sync and playlist.file_hash == file.version and playlist.file_key != file.key:
                there = os.path.join(self.root, os.fsencode(playlist.file_path))
                if not os.path.lexists(there):
                    return playlist
        return None

    @transaction.atomic
    def take(self, file: FoundFile, playlist: Playlist | None) -> None:
        """Make a playlist of a file, or let one follow it. RuleError where its rules cannot be carried out."""
        if playlist is not None:
            locked = Playlist.objects.select_for_update().filter(pk=playlist.pk, sync=True).first()
            if locked is None:
                return  # it was taken over or deleted at this moment
            playlist = locked
        if file.is_smart:
            self.take_rules(file, playlist)
        else:
            self.take_tracks(file, playlist)

    def take_tracks(self, file: FoundFile, playlist: Playlist | None) -> None:
        """The tracks of an M3U file, as far as the libraries have them."""
        parsed = m3u.parse(file.data)
        libraries = [self.library, *Library.objects.visible_to(self.owner).exclude(pk=self.library.pk).order_by("pk")]
        folder = file.path.rpartition(b"/")[0]
        ids = resolve_lines(parsed.paths, libraries, base=(self.library, folder))
        if playlist is None:
            said = f"Auto-imported from '{file.name}'"
            playlist = self.make(file, m3u.one_line(parsed.name) or stem_of(file.name), said, None)
        else:
            self.remember(file, playlist)
        entries = PlaylistTrack.objects.filter(playlist=playlist).order_by("position")
        if list(entries.values_list("media_file_id", flat=True)) != ids:
            replace_tracks(playlist, ids)
            note_change(playlist)

    def take_rules(self, file: FoundFile, playlist: Playlist | None) -> None:
        """The rules of a smart playlist."""
        found = nsp.parse(file.data)
        if playlist is None:
            playlist = self.make(file, found.name or stem_of(file.name), found.comment, found.public)
        else:
            self.remember(file, playlist)
        if playlist.rules != found.rules:
            write(playlist, rules=found.rules, evaluated_at=None)
            record("playlist.update", kind="playlist", pk=playlist.pk, name=playlist.name)
        refresh(playlist, again=True)

    def make(self, file: FoundFile, name: str, comment: str, public: bool | None) -> Playlist:
        """A new playlist of a file."""
        playlist: Playlist = Playlist.objects.create(
            owner_id=self.owner.pk,
            name=clean(name)[:MAX_NAME],
            comment=clean(comment),
            public=settings.CONF.default_playlist_public_visibility if public is None else public,
            library=self.library,
            file_path=display(file.path),
            file_key=file.key,
            file_hash=file.version,
            sync=True,
            updated_at=timezone.now(),
        )
        DismissedFile.objects.filter(library=self.library, file_key=file.key).delete()
        record("playlist.create", {"file": playlist.file_path}, kind="playlist", pk=playlist.pk, name=playlist.name)
        return playlist

    def remember(self, file: FoundFile, playlist: Playlist) -> None:
        """Note where the file of a playlist is, and which version of it was read."""
        place = {"file_path": display(file.path), "file_key": file.key, "file_hash": file.version}
        Playlist.objects.filter(pk=playlist.pk).update(**place)


def version_of(facts: os.stat_result) -> str:
    """A digest of what changes when a file does; another place leaves it as it is."""
    text = f"{facts.st_size}:{facts.st_mtime_ns}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def stem_of(name: str) -> str:
    """The name of a file without its suffix."""
    return name.rpartition(".")[0] or name
