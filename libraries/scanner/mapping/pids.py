"""Identities of albums and tracks by rules of the server's options, which reach the readers with each scan.

A rule has alternatives, `a|b,c,d`: the first one of which any part is there counts. Names compare as everywhere, lists
as lists, dates and numbers by what they mean; an id that is not valid is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from libraries.scanner.mapping.identity import digest_of_rule, normal
from libraries.scanner.mapping.text import line
from libraries.scanner.mapping.values import first_date, parse_pair, parse_uuid

Texts = tuple[str, ...]
Tags = Mapping[str, Sequence[str]]

_DATES: Final = frozenset({"date", "originaldate", "releasedate", "year", "originalyear"})
_NUMBERS: Final = frozenset({"tracknumber", "tracktotal", "discnumber", "disctotal"})
_ARTIST_TAGS: Final = ("artist", "artists", "artistsort", "artistssort", "musicbrainz_artistid")
# what is no tag of its own
_DERIVED: Final = frozenset({"albumid", "albumartistid", "artistid"})


@dataclass(frozen=True, kw_only=True)
class PidRules:
    """The rules as they stand in the options; these are the usual ones."""

    album: str = "musicbrainz_albumid|albumartistid,album,albumversion,releasedate"
    track: str = "musicbrainz_trackid|albumid,discnumber,tracknumber,title"


USUAL: Final = PidRules()


class PidRule:
    """One rule that is not the usual one."""

    def __init__(self, text: str) -> None:
        self.alternatives = [tuple(part.split(",")) for part in text.split("|")]
        self.fields = frozenset(name for names in self.alternatives for name in names)

    def pid(self, kind: bytes, tags: Tags, known: Mapping[str, Texts]) -> str:
        """The identity; `known` has the parts that are not read from the tags."""
        found = [[known[name] if name in known else _part(tags, name) for name in names] for names in self.alternatives]
        chosen = next((number for number, parts in enumerate(found) if any(parts)), -1)
        texts = [text for part in found[chosen] for text in (str(len(part)), *part)]
        return digest_of_rule(kind, (*self.alternatives[chosen], *texts))


def _part(tags: Tags, name: str) -> Texts:
    found = [line(value) for value in tags.get(name, ())]
    if name in _DATES:
        found = [first_date(value).text for value in found[:1]]
    elif name in _NUMBERS:
        found = [str(parse_pair(value, "")[0] or "") for value in found[:1]]
    elif name.startswith("musicbrainz_"):
        found = [parse_uuid(value) for value in found]
    return tuple(filter(None, map(normal, found)))


class Pids:
    """The rules of a scan; None where one is the usual. Compared by identity."""

    def __init__(self, rules: PidRules, shared: frozenset[str]) -> None:
        """Know what an album's identity needs beside the `shared` tags, which tracks of an album have in common."""
        self.album = None if rules.album == USUAL.album else PidRule(rules.album)
        self.track = None if rules.track == USUAL.track else PidRule(rules.track)
        fields = self.album.fields if self.album else frozenset()
        wanted = (fields - _DERIVED - {"folder", "filename"}) | frozenset(_ARTIST_TAGS if "artistid" in fields else ())
        self._extra = tuple(sorted(wanted - shared))
        self._places = fields & {"folder", "filename"}

    def of_track(self, tags: Tags, path: bytes) -> dict[str, Sequence[str]]:
        """What an album's identity needs of a track, beside the shared tags."""
        if self.album is None:
            return {}
        found: dict[str, Sequence[str]] = {name: tags[name] for name in self._extra if name in tags}
        return found | {name: place for name, place in places(path).items() if name in self._places}


def places(path: bytes) -> dict[str, Texts]:
    """The folder and the name of a file, as parts of an identity: any two paths differ in them."""
    folder, _, name = path.rpartition(b"/")
    return {"folder": ("/" + folder.decode("latin-1"),), "filename": (name.decode("latin-1"),)}


@lru_cache(maxsize=8)
def pids_of(rules: PidRules, shared: frozenset[str]) -> Pids:
    """The same object for the same rules."""
    return Pids(rules, shared)
