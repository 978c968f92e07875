"""Which of the files that are gone are which of the files that are new: one to one, never a guess. No Django.

Keys are tried from the strongest to the weakest. A key joins two files only when it singles out one of each; files that
a key cannot tell apart are tried again together with their names, then with the next key, and stay apart in the end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from math import inf
from typing import Final, NamedTuple

from libraries.scanner.types import MoveCandidate

SAME_SECONDS: Final = 1.0
_SAME_FINGERPRINT_SECONDS: Final = 0.25
# how many new files are fingerprinted: some for each file that is gone, however many others have its length
_READ_PER_GONE: Final = 8
_READ_AT_LEAST: Final = 500
# a key that is shared by this many files identifies none of them
_MAX_EDGES: Final = 400


Key = Callable[[MoveCandidate], Hashable]
Fits = Callable[[MoveCandidate, MoveCandidate], bool]


def _same_inode(candidate: MoveCandidate) -> Hashable:
    return candidate.inode and (candidate.inode, candidate.size, candidate.mtime_ns)


def _same_fingerprint(candidate: MoveCandidate) -> Hashable:
    return candidate.audio_hash


def _same_file_and_length(candidate: MoveCandidate) -> Hashable:
    """Retagged and moved: the inode stays. It is given away again and proves nothing alone: the audio must agree."""
    audio = (
        round(candidate.duration, 3),
        candidate.codec,
        candidate.sample_rate,
        candidate.bit_rate,
        candidate.channels,
    )
    return candidate.inode and candidate.duration and (candidate.inode, *audio)


def _same_release_track(candidate: MoveCandidate) -> Hashable:
    return candidate.mbz_track_id


def _same_tags_and_size(candidate: MoveCandidate) -> Hashable:
    return candidate.pid and (candidate.pid, candidate.size)


def _same_tags_and_length(candidate: MoveCandidate) -> Hashable:
    return candidate.pid and (candidate.pid, round(candidate.duration, 1))


def _same_tags(candidate: MoveCandidate) -> Hashable:
    return candidate.pid


def _same_stem(candidate: MoveCandidate) -> Hashable:
    """The same track in the same folder under another suffix: a better encoding in place of an gone one."""
    return candidate.pid and (candidate.pid, candidate.folder_id, candidate.name.rpartition(b".")[0])


def _same_name(candidate: MoveCandidate) -> Hashable:
    return candidate.name


def _same_library(candidate: MoveCandidate) -> Hashable:
    return candidate.library_id


def _both(first: Key, second: Key) -> Key:
    def key(candidate: MoveCandidate) -> Hashable:
        one, two = first(candidate), second(candidate)
        return one and two and (one, two)

    return key


def _always(_old: MoveCandidate, _new: MoveCandidate) -> bool:
    return True


def _alike(gone: MoveCandidate, new: MoveCandidate) -> bool:
    return gone.title == new.title or gone.name == new.name


def _near(gone: MoveCandidate, new: MoveCandidate) -> bool:
    return abs(gone.duration - new.duration) <= SAME_SECONDS


# The very same file comes first, because nothing has to be read for it. Files that share a fingerprint are told
# apart by the next keys.
STAGES: Final[tuple[tuple[Key, Fits], ...]] = (
    (_same_inode, _always),
    (_both(_same_fingerprint, _same_release_track), _always),
    (_both(_same_fingerprint, _same_tags), _always),
    (_same_fingerprint, _always),
    (_same_release_track, _always),
    (_same_file_and_length, _alike),
    (_same_tags_and_size, _always),
    (_same_tags_and_length, _always),
    (_same_stem, _always),
    (_same_tags, _near),
)


def match(
    gone_tracks: Iterable[MoveCandidate], new_tracks: Iterable[MoveCandidate], lost: Collection[str] = frozenset()
) -> list[tuple[MoveCandidate, MoveCandidate]]:
    """Pairs of an gone and a new file that are the same track.

    `lost` are the ids of gone files that this very scan found gone. What is nearest comes first: a file that was just
    lost before one that has been missing for long, and a place in the same library before one in another. Copies that
    lie further away, and older losses that look alike, are then no doubt.
    """
    left = {candidate.id: candidate for candidate in gone_tracks}
    right = {candidate.id: candidate for candidate in new_tracks}
    pairs: list[tuple[MoveCandidate, MoveCandidate]] = []
    for near in _ranges(left.values(), right.values(), lost):
        looked_at = [gone for gone in left.values() if not near.just_lost or gone.id in lost]
        for gone, new in _match(looked_at, right.values(), near):
            pairs.append((left.pop(gone.id), right.pop(new.id)))
    return pairs


class _Range(NamedTuple):
    """Which files are looked at together."""

    just_lost: bool
    same_library: bool


def _ranges(
    gone_tracks: Collection[MoveCandidate], new_tracks: Collection[MoveCandidate], lost: Collection[str]
) -> list[_Range]:
    """The ranges from the nearest to all, without those that would only say the same again."""
    some_lost = any(gone.id in lost for gone in gone_tracks)
    older = any(gone.id not in lost for gone in gone_tracks)
    several = len({candidate.library_id for candidate in [*gone_tracks, *new_tracks]}) > 1
    ranges = [_Range(True, True)] * some_lost + [_Range(False, True)] * older
    if several:
        ranges += [_Range(True, False)] * some_lost + [_Range(False, False)] * older
    return ranges


def _match(
    gone_tracks: Iterable[MoveCandidate], new_tracks: Iterable[MoveCandidate], near: _Range
) -> list[tuple[MoveCandidate, MoveCandidate]]:
    left = {candidate.id: candidate for candidate in gone_tracks}
    right = {candidate.id: candidate for candidate in new_tracks}
    pairs: list[tuple[MoveCandidate, MoveCandidate]] = []
    # what went along with its folder comes first: an inode, or a fingerprint, may be that of a copy elsewhere
    moved_along = _both(_same_name, _moved_folders(left.values(), right.values()))
    narrowings: tuple[tuple[Key | None, ...], ...] = ((moved_along,), (_same_name, None))
    for narrowing in narrowings:
        for stage, fits in STAGES:
            key = _both(_same_library, stage) if near.same_library else stage
            # a fingerprint that is on both candidates joins these, or none of them: no weaker key may say otherwise
            told = {candidate.audio_hash for candidate in left.values()} & {
                candidate.audio_hash for candidate in right.values()
            } - {""}
            for narrow in narrowing:
                chosen = _both(key, narrow) if narrow else key
                for gone, new in _stage(left.values(), right.values(), chosen, _unless_told_apart(fits, told)):
                    pairs.append((left.pop(gone.id), right.pop(new.id)))
    return pairs


def _moved_folders(gone_tracks: Collection[MoveCandidate], new_tracks: Collection[MoveCandidate]) -> Key:
    """A key that is the same for an gone folder and the one new folder that most of its files seem to have gone to."""
    places: dict[Hashable, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for at, candidates in enumerate((gone_tracks, new_tracks)):
        for candidate in candidates:
            if candidate.pid:
                places[candidate.name, candidate.size, candidate.pid][at].append(candidate.folder_id)
    votes: Counter[tuple[str, str]] = Counter()
    for left, entered in places.values():
        if len(left) * len(entered) <= _MAX_EDGES:
            votes.update({(before, after) for before in left for after in entered})
    to, from_ = _clear_winners(votes), _clear_winners({(new, gone): count for (gone, new), count in votes.items()})
    moves = {gone: new for gone, new in to.items() if from_.get(new) == gone}
    goals = set(moves.values())
    gone_ids = {candidate.id for candidate in gone_tracks}

    def key(candidate: MoveCandidate) -> Hashable:
        if candidate.id in gone_ids:
            return moves.get(candidate.folder_id, "")
        return candidate.folder_id if candidate.folder_id in goals else ""

    return key


def _clear_winners(votes: Mapping[tuple[str, str], int]) -> dict[str, str]:
    """For each first one, the second that has more votes than any other."""
    best: dict[str, tuple[int, str]] = {}
    for (one, two), count in votes.items():
        known, _ = best.get(one, (0, ""))
        if count >= known:
            best[one] = (count, two if count > known else "")
    return {one: two for one, (_, two) in best.items() if two}


def match_same_file(
    gone_tracks: Iterable[MoveCandidate], new_tracks: Iterable[MoveCandidate]
) -> list[tuple[MoveCandidate, MoveCandidate]]:
    """Pairs of an gone and a new candidate that are the very same file on the same disk."""
    return _stage(gone_tracks, new_tracks, _same_inode, _always)


def _unless_told_apart(fits: Fits, told: Collection[str]) -> Fits:
    def agree(gone: MoveCandidate, new: MoveCandidate) -> bool:
        known = gone.audio_hash in told or new.audio_hash in told
        return fits(gone, new) and (not known or gone.audio_hash == new.audio_hash)

    return agree if told else fits


def _stage(
    gone_tracks: Iterable[MoveCandidate], new_tracks: Iterable[MoveCandidate], key: Key, fits: Fits
) -> list[tuple[MoveCandidate, MoveCandidate]]:
    groups: dict[Hashable, tuple[list[MoveCandidate], list[MoveCandidate]]] = defaultdict(lambda: ([], []))
    for gone in gone_tracks:
        if found := key(gone):
            groups[found][0].append(gone)
    for new in new_tracks:
        found = key(new)
        if found and found in groups:
            groups[found][1].append(new)
    return [pair for old_side, new_side in groups.values() for pair in _pairs(old_side, new_side, fits)]


def _pairs(
    gone_tracks: list[MoveCandidate], new_tracks: list[MoveCandidate], fits: Fits
) -> list[tuple[MoveCandidate, MoveCandidate]]:
    """The pairs in a group of which each candidate has no other choice."""
    if not new_tracks or len(gone_tracks) * len(new_tracks) > _MAX_EDGES:
        return []
    edges = [(gone, new) for gone in gone_tracks for new in new_tracks if is_later(gone, new) and fits(gone, new)]
    of_old: dict[str, int] = defaultdict(int)
    of_new: dict[str, int] = defaultdict(int)
    for gone, new in edges:
        of_old[gone.id] += 1
        of_new[new.id] += 1
    return [(gone, new) for gone, new in edges if of_old[gone.id] == 1 and of_new[new.id] == 1]


def is_later(gone: MoveCandidate, new: MoveCandidate) -> bool:
    """A file that was there while the gone one was still seen is a copy of it, not the gone one moved."""
    return new.at > gone.at


class Keys:
    """Every key of some files: tells quickly which others could be joined to any of them."""

    def __init__(self, candidates: Iterable[MoveCandidate]) -> None:
        self._keys: set[tuple[int, Hashable]] = set()
        for candidate in candidates:
            self._keys.update(_keys_of(candidate))

    def has_any(self, candidate: MoveCandidate) -> bool:
        return any(key in self._keys for key in _keys_of(candidate))


def same_content(candidate: MoveCandidate) -> Hashable:
    """What a file has in common with a copy of it that was written at another time."""
    return ("content", candidate.pid, candidate.size) if candidate.pid else ("none", candidate.id)


def same_file_keys(candidate: MoveCandidate) -> list[Hashable]:
    """What only the very same file has, or a copy with its times: a tagger gives a file a new time, and a file
    that is tagged in place keeps its inode and its length."""
    copied = candidate.pid and (candidate.pid, candidate.size, candidate.mtime_ns)
    return [key for key in (_same_inode(candidate), copied, _same_file_and_length(candidate)) if key]


class KnownFingerprints:
    """The formats and lengths of files with a fingerprint: tells without reading which others may have the same."""

    def __init__(self, candidates: Iterable[MoveCandidate]) -> None:
        lengths: dict[Hashable, set[float]] = defaultdict(set)
        self.count = 0
        for candidate in candidates:
            if candidate.audio_hash:
                lengths[_format_of(candidate)].add(candidate.duration)
                self.count += 1
        self._lengths = {found: sorted(known) for found, known in lengths.items()}

    def gap(self, candidate: MoveCandidate) -> float:
        """The seconds between its length and the nearest known one of its format."""
        known = self._lengths.get(_format_of(candidate), [])
        at = bisect_left(known, candidate.duration)
        return min((abs(length - candidate.duration) for length in known[max(0, at - 1) : at + 1]), default=inf)

    def may_match(self, candidate: MoveCandidate) -> bool:
        """Whether the file may have one of the fingerprints. New tags change an estimated length a little."""
        return self.gap(candidate) <= _SAME_FINGERPRINT_SECONDS


def _format_of(candidate: MoveCandidate) -> Hashable:
    return candidate.codec, candidate.sample_rate, candidate.channels


def choose_to_fingerprint(
    gone_tracks: Collection[MoveCandidate], new_tracks: Iterable[MoveCandidate]
) -> list[MoveCandidate]:
    """The new files to read the fingerprint of, the likeliest first; a few for each gone one that has one."""
    inodes = {_same_inode(gone) for gone in gone_tracks}
    known = KnownFingerprints(gone_tracks)
    likely = [new for new in new_tracks if not new.audio_hash and known.may_match(new)]
    likely = [new for new in likely if not new.inode or _same_inode(new) not in inodes]
    likely.sort(key=lambda candidate: (known.gap(candidate), candidate.id))
    return likely[: _READ_AT_LEAST + _READ_PER_GONE * known.count]


def _keys_of(candidate: MoveCandidate) -> list[tuple[int, Hashable]]:
    keys: tuple[Hashable, ...] = (candidate.inode, candidate.audio_hash, candidate.mbz_track_id, candidate.pid)
    return [(place, key) for place, key in enumerate(keys) if key]


def rank(gone: MoveCandidate, new: MoveCandidate) -> int:
    """How likely `new` is `gone`, for a person to decide: 0 is not at all."""
    points = (
        8 * bool(gone.audio_hash and gone.audio_hash == new.audio_hash),
        6 * bool(gone.mbz_track_id and gone.mbz_track_id == new.mbz_track_id),
        4 * bool(gone.pid and gone.pid == new.pid),
        4 * bool(gone.inode and _same_inode(gone) == _same_inode(new)),
        2 * (gone.name == new.name),
        2 * bool(gone.title and gone.title == new.title),
        1 * (gone.size == new.size),
        1 * (abs(gone.duration - new.duration) <= SAME_SECONDS),
    )
    strong = sum(points[:6])
    return sum(points) if strong else 0
