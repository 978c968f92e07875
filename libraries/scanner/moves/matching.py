"""Which of the files that are gone are which of the files that are new: one to one, never a guess. No Django.

Keys are tried from the strongest to the weakest. A key joins two files only when it singles out one of each; files that
a key cannot tell apart are tried again together with their names, then with the next key, and stay apart in the end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from datetime import datetime
from math import inf
from typing import Final, NamedTuple

SAME_SECONDS: Final = 1.0
_SAME_SOUND_SECONDS: Final = 0.25
# how many new files are read for their sound: some for each file that is gone, however many others have its length
_HEARD_PER_OLD: Final = 8
_HEARD_AT_LEAST: Final = 500
# a key that so many files share tells nothing
_MAX_EDGES: Final = 400


class Side(NamedTuple):
    """A file that is gone or new. `at`: when a gone one was last seen, when a new one first came."""

    id: str
    library_id: int
    folder_id: str
    name: bytes
    pid: str
    mbz_track_id: str
    audio_hash: str
    size: int
    mtime_ns: int
    inode: int
    duration: float
    codec: str
    sample_rate: int
    bit_rate: int
    channels: int
    title: str
    album_id: str | None
    missing: bool
    at: datetime


Key = Callable[[Side], Hashable]
Fits = Callable[[Side, Side], bool]


def _same_inode(side: Side) -> Hashable:
    return side.inode and (side.inode, side.size, side.mtime_ns)


def _same_sound(side: Side) -> Hashable:
    return side.audio_hash


def _same_file_and_length(side: Side) -> Hashable:
    """Retagged and moved: the inode stays. It is given away again and proves nothing alone: the sound must agree."""
    sound = (round(side.duration, 3), side.codec, side.sample_rate, side.bit_rate, side.channels)
    return side.inode and side.duration and (side.inode, *sound)


def _same_release_track(side: Side) -> Hashable:
    return side.mbz_track_id


def _same_tags_and_size(side: Side) -> Hashable:
    return side.pid and (side.pid, side.size)


def _same_tags_and_length(side: Side) -> Hashable:
    return side.pid and (side.pid, round(side.duration, 1))


def _same_tags(side: Side) -> Hashable:
    return side.pid


def _same_stem(side: Side) -> Hashable:
    """The same track in the same folder under another suffix: a better encoding in place of an old one."""
    return side.pid and (side.pid, side.folder_id, side.name.rpartition(b".")[0])


def _same_name(side: Side) -> Hashable:
    return side.name


def _same_library(side: Side) -> Hashable:
    return side.library_id


def _both(first: Key, second: Key) -> Key:
    def key(side: Side) -> Hashable:
        one, two = first(side), second(side)
        return one and two and (one, two)

    return key


def _always(_old: Side, _new: Side) -> bool:
    return True


def _alike(old: Side, new: Side) -> bool:
    return old.title == new.title or old.name == new.name


def _near(old: Side, new: Side) -> bool:
    return abs(old.duration - new.duration) <= SAME_SECONDS


# The very same file comes first, because nothing has to be read for it. A sound that several files share is told apart
# by the next keys.
STAGES: Final[tuple[tuple[Key, Fits], ...]] = (
    (_same_inode, _always),
    (_both(_same_sound, _same_release_track), _always),
    (_both(_same_sound, _same_tags), _always),
    (_same_sound, _always),
    (_same_release_track, _always),
    (_same_file_and_length, _alike),
    (_same_tags_and_size, _always),
    (_same_tags_and_length, _always),
    (_same_stem, _always),
    (_same_tags, _near),
)


def match(olds: Iterable[Side], news: Iterable[Side], lost: Collection[str] = frozenset()) -> list[tuple[Side, Side]]:
    """Pairs of an old and a new file that are the same track.

    `lost` are the ids of old files that this very scan found gone. What is nearest comes first: a file that was just
    lost before one that has been missing for long, and a place in the same library before one in another. Copies that
    lie further away, and older losses that look alike, are then no doubt.
    """
    left = {side.id: side for side in olds}
    right = {side.id: side for side in news}
    pairs: list[tuple[Side, Side]] = []
    for near in _ranges(left.values(), right.values(), lost):
        looked_at = [old for old in left.values() if not near.just_lost or old.id in lost]
        for old, new in _match(looked_at, right.values(), near):
            pairs.append((left.pop(old.id), right.pop(new.id)))
    return pairs


class _Range(NamedTuple):
    """Which files are looked at together."""

    just_lost: bool
    same_library: bool


def _ranges(olds: Collection[Side], news: Collection[Side], lost: Collection[str]) -> list[_Range]:
    """The ranges from the nearest to all, without those that would only say the same again."""
    some_lost = any(old.id in lost for old in olds)
    older = any(old.id not in lost for old in olds)
    several = len({side.library_id for side in [*olds, *news]}) > 1
    ranges = [_Range(True, True)] * some_lost + [_Range(False, True)] * older
    if several:
        ranges += [_Range(True, False)] * some_lost + [_Range(False, False)] * older
    return ranges


def _match(olds: Iterable[Side], news: Iterable[Side], near: _Range) -> list[tuple[Side, Side]]:
    left = {side.id: side for side in olds}
    right = {side.id: side for side in news}
    pairs: list[tuple[Side, Side]] = []
    # what went along with its folder comes first: an inode, or a sound, may be that of a copy elsewhere
    moved_along = _both(_same_name, _moved_folders(left.values(), right.values()))
    narrowings: tuple[tuple[Key | None, ...], ...] = ((moved_along,), (_same_name, None))
    for narrowing in narrowings:
        for stage, fits in STAGES:
            key = _both(_same_library, stage) if near.same_library else stage
            # a sound that is on both sides joins these, or none of them: no weaker key may say otherwise
            told = {side.audio_hash for side in left.values()} & {side.audio_hash for side in right.values()} - {""}
            for narrow in narrowing:
                chosen = _both(key, narrow) if narrow else key
                for old, new in _stage(left.values(), right.values(), chosen, _unless_told_apart(fits, told)):
                    pairs.append((left.pop(old.id), right.pop(new.id)))
    return pairs


def _moved_folders(olds: Collection[Side], news: Collection[Side]) -> Key:
    """A key that is the same for an old folder and the one new folder that most of its files seem to have gone to."""
    places: dict[Hashable, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for at, sides in enumerate((olds, news)):
        for side in sides:
            if side.pid:
                places[side.name, side.size, side.pid][at].append(side.folder_id)
    votes: Counter[tuple[str, str]] = Counter()
    for gone, come in places.values():
        if len(gone) * len(come) <= _MAX_EDGES:
            votes.update({(old, new) for old in gone for new in come})
    to, from_ = _clear_winners(votes), _clear_winners({(new, old): count for (old, new), count in votes.items()})
    moves = {old: new for old, new in to.items() if from_.get(new) == old}
    goals = set(moves.values())
    gone_ids = {side.id for side in olds}

    def key(side: Side) -> Hashable:
        if side.id in gone_ids:
            return moves.get(side.folder_id, "")
        return side.folder_id if side.folder_id in goals else ""

    return key


def _clear_winners(votes: Mapping[tuple[str, str], int]) -> dict[str, str]:
    """For each first one, the second that has more votes than any other."""
    best: dict[str, tuple[int, str]] = {}
    for (one, two), count in votes.items():
        known, _ = best.get(one, (0, ""))
        if count >= known:
            best[one] = (count, two if count > known else "")
    return {one: two for one, (_, two) in best.items() if two}


def match_same_file(olds: Iterable[Side], news: Iterable[Side]) -> list[tuple[Side, Side]]:
    """Pairs of an old and a new side that are the very same file on the same disk."""
    return _stage(olds, news, _same_inode, _always)


def _unless_told_apart(fits: Fits, told: Collection[str]) -> Fits:
    def agree(old: Side, new: Side) -> bool:
        heard = old.audio_hash in told or new.audio_hash in told
        return fits(old, new) and (not heard or old.audio_hash == new.audio_hash)

    return agree if told else fits


def _stage(olds: Iterable[Side], news: Iterable[Side], key: Key, fits: Fits) -> list[tuple[Side, Side]]:
    groups: dict[Hashable, tuple[list[Side], list[Side]]] = defaultdict(lambda: ([], []))
    for old in olds:
        if found := key(old):
            groups[found][0].append(old)
    for new in news:
        found = key(new)
        if found and found in groups:
            groups[found][1].append(new)
    return [pair for old_side, new_side in groups.values() for pair in _pairs(old_side, new_side, fits)]


def _pairs(olds: list[Side], news: list[Side], fits: Fits) -> list[tuple[Side, Side]]:
    """The pairs in a group of which each side has no other choice."""
    if not news or len(olds) * len(news) > _MAX_EDGES:
        return []
    edges = [(old, new) for old in olds for new in news if is_later(old, new) and fits(old, new)]
    of_old: dict[str, int] = defaultdict(int)
    of_new: dict[str, int] = defaultdict(int)
    for old, new in edges:
        of_old[old.id] += 1
        of_new[new.id] += 1
    return [(old, new) for old, new in edges if of_old[old.id] == 1 and of_new[new.id] == 1]


def is_later(old: Side, new: Side) -> bool:
    """A file that was there while the old one was still seen is a copy of it, not the old one moved."""
    return new.at > old.at


class Keys:
    """Every key of some files: tells quickly which others could be joined to any of them."""

    def __init__(self, sides: Iterable[Side]) -> None:
        self._keys: set[tuple[int, Hashable]] = set()
        for side in sides:
            self._keys.update(_keys_of(side))

    def has_any(self, side: Side) -> bool:
        return any(key in self._keys for key in _keys_of(side))


def same_content(side: Side) -> Hashable:
    """What a file has in common with a copy of it that was written at another time."""
    return ("content", side.pid, side.size) if side.pid else ("none", side.id)


def same_file_keys(side: Side) -> list[Hashable]:
    """What only the very same file has, or a copy with its times: a tagger gives a file a new time, and a file
    that is tagged in place keeps its inode and its length."""
    copied = side.pid and (side.pid, side.size, side.mtime_ns)
    return [key for key in (_same_inode(side), copied, _same_file_and_length(side)) if key]


class Sounds:
    """The formats and lengths of files whose sound is known: tells without reading which others may hold the same."""

    def __init__(self, sides: Iterable[Side]) -> None:
        lengths: dict[Hashable, set[float]] = defaultdict(set)
        self.count = 0
        for side in sides:
            if side.audio_hash:
                lengths[_format_of(side)].add(side.duration)
                self.count += 1
        self._lengths = {found: sorted(known) for found, known in lengths.items()}

    def gap(self, side: Side) -> float:
        """The seconds between its length and the nearest known one of its format."""
        known = self._lengths.get(_format_of(side), [])
        at = bisect_left(known, side.duration)
        return min((abs(length - side.duration) for length in known[max(0, at - 1) : at + 1]), default=inf)

    def may_hold(self, side: Side) -> bool:
        """Whether reading the file may show that its sound is known. New tags change an estimated length a little."""
        return self.gap(side) <= _SAME_SOUND_SECONDS


def _format_of(side: Side) -> Hashable:
    return side.codec, side.sample_rate, side.channels


def choose_to_hear(olds: Collection[Side], news: Iterable[Side]) -> list[Side]:
    """The new files whose sound is worth reading, the likeliest first; a few for each old one whose sound is known."""
    inodes = {_same_inode(old) for old in olds}
    sounds = Sounds(olds)
    likely = [new for new in news if not new.audio_hash and sounds.may_hold(new)]
    likely = [new for new in likely if not new.inode or _same_inode(new) not in inodes]
    likely.sort(key=lambda side: (sounds.gap(side), side.id))
    return likely[: _HEARD_AT_LEAST + _HEARD_PER_OLD * sounds.count]


def _keys_of(side: Side) -> list[tuple[int, Hashable]]:
    keys: tuple[Hashable, ...] = (side.inode, side.audio_hash, side.mbz_track_id, side.pid)
    return [(place, key) for place, key in enumerate(keys) if key]


def rank(old: Side, new: Side) -> int:
    """How likely `new` is `old`, for a person to decide: 0 is not at all."""
    points = (
        8 * bool(old.audio_hash and old.audio_hash == new.audio_hash),
        6 * bool(old.mbz_track_id and old.mbz_track_id == new.mbz_track_id),
        4 * bool(old.pid and old.pid == new.pid),
        4 * bool(old.inode and _same_inode(old) == _same_inode(new)),
        2 * (old.name == new.name),
        2 * bool(old.title and old.title == new.title),
        1 * (old.size == new.size),
        1 * (abs(old.duration - new.duration) <= SAME_SECONDS),
    )
    strong = sum(points[:6])
    return sum(points) if strong else 0
