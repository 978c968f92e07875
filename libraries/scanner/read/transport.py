"""A track as it travels from the process that reads its file to the one that saves it. No Django, no database.

Readers map the tags themselves and send plain tuples, in the form that the table takes: the process that writes is the
one that cannot be shared out, so it gets as little as possible to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final

import orjson

from libraries.audio.pool.protocol import Conversion
from libraries.audio.types import RawAudio
from libraries.scanner.mapping.pids import USUAL, PidRules, Pids
from libraries.scanner.mapping.splitting import DEFAULT_SPLITTERS, SplitRules, Splitters, splitters_of
from libraries.scanner.mapping.text import clean_tags, is_clean
from libraries.scanner.mapping.track import USUAL_PIDS, make_pids, map_own, map_shared, split_tags
from libraries.scanner.paths import display
from libraries.scanner.types import ALBUM_COLUMNS, TRACK_COLUMNS, AlbumRecord, Credit, MappedAlbum, ReadAlbum, ReadTrack
from libraries.search.words import each_once, shared_words, title_words, words_of

_own_values = itemgetter(*TRACK_COLUMNS)
_shared_values = itemgetter(*ALBUM_COLUMNS)

Packed = tuple[Any, ...]


class TrackPacker:
    """Makes plain tuples of tracks; what several in a row have in common is mapped once, and is one tuple."""

    def __init__(self, splitters: Splitters = DEFAULT_SPLITTERS, pids: Pids = USUAL_PIDS, *, root: bytes = b"") -> None:
        """Map by some rules; those of identity take paths without the root of the library."""
        self._splitters, self._pids = splitters, pids
        self._root = root.rstrip(b"/") + b"/" if root else b""
        # the tags, always clean ones, and what follows from them
        self._tags: dict[str, Sequence[str]] | None = None
        self._extra: dict[str, Sequence[str]] = {}
        self._record: MappedAlbum
        self._packed: Packed
        self._json: bytes
        self._words: list[str]

    def __call__(self, audio: RawAudio, path: bytes) -> tuple[Packed, Packed]:
        """A track's own side, and the shared one: together what `unpack` takes."""
        splitters = self._splitters
        if self._root:
            path = path.removeprefix(self._root)
        own, common = split_tags(audio.tags, splitters)
        if common != self._tags or not is_clean(own):
            own, common = split_tags(clean_tags(audio.tags), splitters)
            if common != self._tags:
                self._learn(common, self._pids.of_track(own, path))
        if self._pids.album is not None and (extra := self._pids.of_track(own, path)) != self._extra:
            self._learn(common, extra)
        pid, columns, _, credits_, _ = map_own(
            own, self._record, audio, path=path, splitters=splitters, pids=self._pids, shared_tags=common
        )
        title, artist, name = str(columns["title"]), str(columns["artist"]), display(path.rpartition(b"/")[2])
        own_words = title_words(title, name)
        if sort_title := str(columns["sort_title"]):
            own_words += words_of(sort_title)
        own_words += shared_words(artist)
        own_words += shared_words(str(columns["sort_artist"]))
        words = each_once([*own_words, *self._words, *_words_of_people(credits_)])
        tags = _merged(orjson.dumps(own), self._json)
        return (pid, _own_values(columns), tags, words, tuple(map(tuple, credits_))), self._packed

    def _learn(self, tags: dict[str, Sequence[str]], extra: dict[str, Sequence[str]]) -> None:
        self._tags = None
        self._extra = extra
        self._record = record = map_shared(tags, self._splitters, self._pids, extra)
        self._packed = (_shared_values(record.columns), tuple(record.album), record.genres)
        self._json = orjson.dumps(tags)
        texts = ("album", "sort_album", "album_artist", "sort_album_artist")
        self._words = list(chain.from_iterable(shared_words(str(record.columns[name])) for name in texts))
        self._tags = tags


pack_audio: Final = TrackPacker()


@lru_cache(maxsize=1024)
def _words_of_people(people: tuple[Credit, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(shared_words(each.name) for each in people)))


def _merged(one: bytes, two: bytes) -> str:
    """Two JSON objects without a key in common as one."""
    return (one[:-1] + (b"," if len(one) > 2 < len(two) else b"") + two[1:]).decode()


def unpack(own: Packed, shared: ReadAlbum) -> ReadTrack:
    """The track that was packed; credits that were met before are the same objects again."""
    pid, values, tags, words, credits_ = own
    return ReadTrack(pid, values, tags, words, _credits(credits_), shared)


@lru_cache(maxsize=1024)
def _credits(credits_: tuple[tuple[str, ...], ...]) -> tuple[Credit, ...]:
    return tuple(map(Credit._make, credits_))


@lru_cache(maxsize=1024)
def unpack_shared(packed: Packed) -> ReadAlbum:
    """The shared side of tracks; one that was met before is the same object again."""
    values, album, genres = packed
    return ReadAlbum(values, AlbumRecord._make(album), genres)


# what the readers, who do not know the scanner, do with each file
USUAL_CONVERSION: Final = Conversion(f"{__name__}:pack_audio", unpack_shared)


def conversion_by(split: SplitRules, pids: PidRules = USUAL, *, root: bytes = b"") -> Conversion:
    """The conversion by some rules for a library, which travel to the readers as JSON."""
    # what only the usual rules need is not worth a look at each path
    base = "" if pids == USUAL else root.decode("latin-1")
    argument = orjson.dumps({"split": split, "pids": pids, "root": base}).decode()
    return USUAL_CONVERSION._replace(function=f"{__name__}:make_packer", argument=argument)


def make_packer(rules: str) -> TrackPacker:
    """The packer of a reader, made from the rules that travelled."""
    found = orjson.loads(rules)
    split = {tag: tuple(texts) for tag, texts in found["split"].items()}
    pids, root = make_pids(PidRules(**found["pids"])), found["root"].encode("latin-1")
    return TrackPacker(splitters_of(SplitRules(**split)), pids, root=root)
