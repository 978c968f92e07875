"""The albums and artists that services outside are asked about, with all that is told of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from libraries.models import Album, Artist
from media.choices import CoverKind, Source
from media.external.texts import mbz_id
from media.models import OutsideInfo


@dataclass(frozen=True)
class Thing:
    """What is told: names and MusicBrainz ids, and nothing else. Of an album `artist` is its artist."""

    kind: CoverKind
    item: str
    name: str
    artist: str = ""
    mbz: str = ""
    mbz_group: str = ""

    @property
    def digest(self) -> str:
        """Tells what is asked with this from what is asked with another name."""
        told = json.dumps(asdict(self) | {"item": ""}, sort_keys=True).encode()
        return hashlib.blake2b(told, digest_size=16).hexdigest()


def thing_of(kind: str, item: str, source: str) -> Thing | None:
    """The album or artist with an id, as a source is told of it; None where it is gone, or has no name to ask for.

    Ids that MusicBrainz found are told to those that can do nothing without.
    """
    found = _artist(item) if kind == CoverKind.ARTIST else _album(item) if kind == CoverKind.ALBUM else None
    if found is None or not found.name.strip():
        return None
    if source in (Source.LASTFM, Source.MUSICBRAINZ) or found.mbz or found.mbz_group:
        return found
    ids = found_ids(kind, item)
    return replace(found, mbz=ids.get("mbz", ""), mbz_group=ids.get("mbz_group", ""))


def found_ids(kind: str, item: str) -> dict[str, str]:
    """The ids that MusicBrainz has told of a thing."""
    rows = OutsideInfo.objects.filter(kind=str(kind), item_id=item, source=str(Source.MUSICBRAINZ))
    about = rows.values_list("about", flat=True).first() or {}
    return {key: about[key] for key in ("mbz", "mbz_group") if about.get(key)}


def _artist(item: str) -> Thing | None:
    row = Artist.objects.filter(pk=item).first()
    return None if row is None else Thing(CoverKind.ARTIST, item, row.name, mbz=mbz_id(row.mbz_artist_id))


def _album(item: str) -> Thing | None:
    row = Album.objects.present().filter(pk=item, library__deleted_at__isnull=True).first()
    if row is None:
        return None
    ids = {"mbz": mbz_id(row.mbz_album_id), "mbz_group": mbz_id(row.mbz_release_group_id)}
    return Thing(CoverKind.ALBUM, item, row.name, row.album_artist, **ids)
