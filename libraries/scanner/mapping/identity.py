"""What makes two files name the same artist, genre, album or track: digests ("pids") of normalised text.

Each is a function of one file alone, so that any order of reading and any number of scans give the same answer.
Names are compared without case, width, accents' encoding, runs of space, and the many shapes of quotes and dashes.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_SHAPES: Final = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2035\u02bb\u02bc\u02b9\u00b4\u2039\u203a", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe31\ufe32\ufe58", "-")
    # invisible: soft hyphen, zero-width space, word applier, byte order mark
    | dict.fromkeys("\u00ad\u200b\u2060\ufeff", "")
)


def normal(text: str) -> str:
    """The form in which names are compared; applying it twice changes nothing."""
    if text.isascii():
        return " ".join(text.lower().split())
    # Case goes after the compatibility forms: some of them unfold to capital letters.
    text = unicodedata.normalize("NFKD", text.translate(_SHAPES)).casefold()
    return " ".join(unicodedata.normalize("NFKC", text).translate(_SHAPES).split())


def _digest(kind: bytes, parts: Iterable[str]) -> str:
    """32 hex digits; every part carries its length, so that no two lists of parts give the same bytes."""
    data = [part.encode("utf-8", "replace") for part in parts]
    whole = b"".join([b"%d:%b" % (len(part), part) for part in data])
    return hashlib.blake2b(whole, digest_size=16, person=kind).hexdigest()


@lru_cache(maxsize=2048)
def artist_pid(name: str) -> str:
    """The artist of that name, in all libraries. MusicBrainz ids do not count: most files of an artist have none."""
    return _digest(b"artist", (normal(name),))


@lru_cache(maxsize=2048)
def genre_pid(name: str) -> str:
    """The genre of that name."""
    return _digest(b"genre", (normal(name),))


def album_pid(*, mbz_album_id: str, artists: tuple[str, ...], album: str, version: str, release_date: str) -> str:
    """The MusicBrainz album id, else album artists + album + version + release date. Unique within a library.

    Only the tag of the release date is one: the plain date is that of each song on many albums. The caller passes no
    version and no release date for an unnamed album, which is one per album artist.
    """
    if mbz_album_id:
        return _digest(b"album-mbz", (mbz_album_id.lower(),))
    return _digest(b"album", (str(len(artists)), *map(normal, artists), normal(album), normal(version), release_date))


def digest_of_rule(kind: bytes, parts: Iterable[str]) -> str:
    """The identity by a rule of the options, out of its fields and their normalised values."""
    return _digest(kind, parts)


def track_pid(*, mbz_track_id: str, album: str, disc: int | None, track: int | None, title: str) -> str:
    """The MusicBrainz release track id, else the album's pid + disc + track + title.

    Copies of one track share it: it helps to recognise a file, it is not unique.
    """
    if mbz_track_id:
        return _digest(b"track-mbz", (mbz_track_id.lower(),))
    return _digest(b"track", (album, str(disc or ""), str(track or ""), normal(title)))
