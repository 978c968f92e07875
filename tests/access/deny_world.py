"""Who calls the routes of the deny matrix, and what is there to call them for; whether anything of it changed."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection

from libraries.choices import ScanTrigger
from libraries.gathering import gather
from libraries.models import Library, MediaFile, Scan
from listening.models import Player, Playlist, Radio, Scrobble, Share, ShareItem, Transcoding
from missing.models import Purge
from tests.access.rest_table import ROLES
from tests.support.catalog import SEEN, make_track
from users.models import ApiKey, LibraryAccess, User


@dataclass(frozen=True)
class World:
    """The ids of who is in the database, and of what."""

    users: Mapping[str, str]
    objects: Mapping[str, Any]
    library: int


def make_world(rock: Path, jazz: Path) -> World:
    """A member with access to one of two libraries and a scanner with the same, an outsider with none, an admin."""
    library = Library.objects.create(name="Rock", path=str(rock))
    Library.objects.create(name="Jazz", path=str(jazz))
    made = {role: User(username=role) for role in ROLES if role != "anonymous"}
    made["admin"].is_superuser = made["scanner"].may_scan = True
    for role, user in made.items():
        user.set_unusable_password()
        user.save()
        if role in ("member", "scanner"):
            LibraryAccess.objects.create(user=user, library=library)
    users = {role: user.pk for role, user in made.items()}
    return World(users, add_objects(made["member"], library), library.pk)


def add_objects(member: User, library: Library) -> dict[str, Any]:
    """The things of the member, by the part of the address."""
    song = make_track(library, "Ada/a.mp3", missing=False)
    Path(library.path, "Ada").mkdir()
    Path(library.path, "Ada", "a.mp3").write_bytes(b"ID3" + bytes(997))
    objects: dict[str, Any] = {
        "user": member.pk,
        "library": library.pk,
        "apikey": ApiKey.objects.create(user=member, name="k", digest="d", hint="h").pk,
        "scan": Scan.objects.create(library=library, trigger=ScanTrigger.API).pk,
        "missing": Purge.objects.create(expires_at="2999-01-01T00:00:00Z").pk,
    }
    objects |= {"song": song.pk, "album": str(song.album_ref_id), "folder": song.folder_id}
    objects |= {"artwork": objects["album"], "artist": song.artists.all()[0].pk, "genre": song.genres.all()[0].pk}
    gather([library.pk])
    objects |= {"tag": objects["genre"]}
    return objects | add_to_catalog(member, song)


def add_to_catalog(member: User, song: MediaFile) -> dict[str, Any]:
    """Things that the member added, and those that are for everybody, by the part of the address."""
    public = Share.objects.create(
        user=member, resource_type="media_file", expires_at="2999-01-01T00:00:00Z", downloadable=True
    )
    ShareItem.objects.create(share=public, position=0, media_file=song)
    return {
        "open share": public.pk,
        "playlist": Playlist.objects.create(owner=member, updated_at=SEEN).pk,
        "player": Player.objects.create(user=member, name="p", client="p").pk,
        "radio": Radio.objects.create(name="r", stream_url="http://radio.example/").pk,
        "scrobble": Scrobble.objects.create(user=member, media_file=song, submission_time=SEEN).pk,
        "share": Share.objects.create(user=member, resource_type="album", expires_at=SEEN).pk,
        "transcoding": Transcoding.objects.create(name="t", target_format="t").pk,
    }


@functools.cache
def statements() -> dict[str, str]:
    """What reads the rows of each table, but the times of visits and the list of sign-ins."""
    volatile = {"last_access_at", "last_used_at", "subsonic_secret"}
    found = {}
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.app_label in ("sessions", "contenttypes", "system") or meta.label == "audit.SignIn" or meta.proxy:
            continue
        names = [field.name for field in meta.concrete_fields if field.name not in volatile]
        found[meta.label] = str(model._base_manager.order_by("pk").values_list(*names).query)
    return found


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows, to see whether a row changed. Statements made anew took longer than the requests between them."""
    rows = {}
    with connection.cursor() as cursor:
        for label, statement in statements().items():
            cursor.execute(statement)
            rows[label] = cursor.fetchall()
    return rows
