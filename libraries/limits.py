"""How often the server looks, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StorageLimits:
    """What a call to storage that may never answer may cost."""

    # how long the caller waits for its answer
    seconds: float = 4.0
    # threads that may be left behind in calls that hang
    calls: int = 32


@dataclass(frozen=True, kw_only=True)
class EventLimits:
    """The times and the number of streams of server-sent events."""

    # between two looks at what changed
    poll_seconds: float = 1.0
    # between two checks of the credentials; a change of an account or a key that is audited is found by the next look
    rights_seconds: float = 10.0
    keep_alive_seconds: float = 15.0
    # after which a stream ends, and the client comes back
    longest_seconds: float = 3600.0
    reconnect_seconds: float = 2.0
    # streams of one web process; one more ends an old one
    most: int = 1000


@dataclass(frozen=True, kw_only=True)
class WatchLimits:
    """The times of the watcher."""

    # between two rounds of everything that is due
    tick_seconds: float = 0.5
    # between two looks at which libraries are to be watched
    refresh_seconds: float = 5.0
    # between two heartbeats
    beat_seconds: float = 15.0
    # between two checks of a watched root
    check_seconds: float = 5.0
    # how long a root has for its answer
    answer_seconds: float = 10.0
    # between two questions whether the kernel still gives watches
    probe_seconds: float = 30.0
    # before a watch that could not be had is tried again
    retry_seconds: float = 300.0
    # the kernel drops events that come too fast, without a word to us: nothing is missed for longer than this
    safety_seconds: float = 3600.0
    # folders that one scan is asked for; above, it is the whole library
    targets: int = 200


@dataclass(frozen=True, kw_only=True)
class ListLimits:
    """What lists of the catalog may cost."""

    # rows that are counted, and put in any order, by each request; the orders of more are kept
    kept_from: int = 20_000
    # favourites, ratings or plays of one person that are taken out of such an order by each request
    valued_rows: int = 20_000
    # how long the order of a catalog that changes all the time is taken for that of now
    old_order_seconds: float = 30.0
    # an order of a million songs has 22 MB
    kept_bytes: int = 512 * 1024 * 1024
    # of songs and albums as they were written, in the memory of each process of the web server
    kept_objects_bytes: int = 32 * 1024 * 1024
    # songs whose ids are kept in memory, to choose some by chance: of this many 2 MB
    kept_ids: int = 100_000
    # songs of a catalog whose albums' words are kept there, too, and how much of them: 100,000 albums have 12 MB
    kept_words_from: int = 2_000
    kept_words_bytes: int = 32 * 1024 * 1024
    # rows that a list with filters finds in any order before they are put in that of their ids
    few: int = 500
