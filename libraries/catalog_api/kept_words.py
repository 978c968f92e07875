"""The words of the albums of a large catalog, kept in memory: what begins with a word is found without a look at rows.

They are read for the second search of a catalog that has not changed since the first: while a scan changes it all the
time, reading them each time would cost more than to search the rows. What a viewer may see of what is found, and
whether it is there, is asked of the database.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Self

from libraries.limits import ListLimits
from libraries.models import Album
from libraries.visible import LibraryFacts
from navidrome_lib.limits import limits_of

# of an id, in characters
_ID: Final = 22
# as many as a statement is given
_MOST_IDS: Final = 10_000


class AlbumWords(NamedTuple):
    """The words of some albums in the order of their names, a line for each, and their ids.

    `starts` is where each line begins, and where the text ends.
    """

    text: bytes
    starts: array[int]
    ids: str

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str]]) -> Self:
        """Those of albums by their ids."""
        lines, ids, starts, size = list[bytes](), list[str](), array("q"), 0
        for pk, words in rows:
            lines.append(f"{words}\n".encode())
            ids.append(pk)
            starts.append(size)
            size += len(lines[-1])
        starts.append(size)
        return cls(b"".join(lines), starts, "".join(ids))

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return len(self.text) + len(self.ids) + len(self.starts) * self.starts.itemsize

    def find(self, words: Sequence[str], most: int) -> list[str]:
        """The ids of the first albums that have words which begin with each of these, `most` of them."""
        beginnings = [f" {word}".encode() for word in words]
        # the rarest first: each place of it is looked at
        first, *others = sorted(beginnings, key=self.text.count) if len(words) > 1 else beginnings
        found: list[str] = []
        at = self.text.find(first)
        while at >= 0:
            following = bisect_right(self.starts, at)
            end = self.starts[following]
            if not others or all(self.text.find(word, self.starts[following - 1], end) >= 0 for word in others):
                found.append(self.ids[(following - 1) * _ID : following * _ID])
                if len(found) == most:
                    break
            at = self.text.find(first, end)
        return found


class KeptWords:
    """The words of libraries, each with what was known of the library before they were read.

    Threads need no lock: two that read the same keep the same.
    """

    def __init__(self) -> None:
        # None: of those there is no room for
        self._kept: dict[int, tuple[LibraryFacts, AlbumWords | None]] = {}
        self._asked: dict[int, LibraryFacts] = {}

    def find(self, words: Sequence[str], libraries: Mapping[int, LibraryFacts], most: int) -> list[str] | None:
        """The ids of albums that have words which begin so; None where the rows are to be searched.

        Of each library they are the first ones by name, `most` of them. All of the libraries must have been gathered
        after these facts of them were read.
        """
        if sum(facts.songs for facts in libraries.values()) < limits_of(ListLimits).kept_words_from:
            return None
        found: list[str] = []
        for pk, facts in libraries.items():
            known = self._words_of(pk, facts)
            if known is None:
                return None
            found += known.find(words, most)
            if len(found) > _MOST_IDS:
                return None
        return found

    def _words_of(self, pk: int, facts: LibraryFacts) -> AlbumWords | None:
        kept = self._kept.get(pk)
        if kept is not None and kept[0] == facts:
            return kept[1]
        self._kept.pop(pk, None)
        if self._asked.get(pk) != facts:
            self._asked[pk] = facts
            return None
        albums = Album.objects.filter(library=pk).order_by("order_name", "pk")
        read = AlbumWords.of(albums.values_list("pk", "words").iterator())
        others = sum(each.size for _, each in list(self._kept.values()) if each is not None)
        words = read if read.size + others <= limits_of(ListLimits).kept_words_bytes else None
        self._kept[pk] = (facts, words)
        return words


KEPT_WORDS: Final = KeptWords()
