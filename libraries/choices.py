"""Declare every state, phase, trigger and kind of the catalog. It imports nothing of ours, and no Django.

What a person reads of each stands in `libraries.labels`.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ScanState(StrEnum):
    """Where a scan is in its life; only `queued` and `running` are not the end."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    OFFLINE = "offline"
    HELD = "held"


ACTIVE_STATES = (ScanState.QUEUED, ScanState.RUNNING)


class ScanTrigger(StrEnum):
    """What asked for a scan."""

    SUBSONIC = "subsonic"
    API = "api"
    ADMIN = "admin"
    COMMAND = "command"
    LIBRARY = "library"
    SCHEDULE = "schedule"
    WATCHER = "watcher"
    APPROVAL = "approval"


class ScanType(StrEnum):
    """How much a scan looks at."""

    QUICK = "quick"
    FULL = "full"
    QUICK_SELECTIVE = "quick-selective"
    FULL_SELECTIVE = "full-selective"


class ProblemKind(StrEnum):
    """Why a file or folder could not be read."""

    PERMISSION = "permission"
    CORRUPT = "corrupt"
    EMPTY = "empty"
    UNSUPPORTED = "unsupported"
    IO = "io"
    ENCODING = "encoding"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    VANISHED = "vanished"
    STORAGE = "storage"


class ChangeKind(StrEnum):
    """What became of a file."""

    ADDED = "added"
    UPDATED = "updated"
    MOVED = "moved"
    MISSING = "missing"
    RESTORED = "restored"


class Role(StrEnum):
    """What an artist does in a track."""

    ARTIST = "artist"
    ALBUM_ARTIST = "albumartist"
    COMPOSER = "composer"
    LYRICIST = "lyricist"
    CONDUCTOR = "conductor"
    ARRANGER = "arranger"
    PERFORMER = "performer"
    PRODUCER = "producer"
    DIRECTOR = "director"
    ENGINEER = "engineer"
    MIXER = "mixer"
    REMIXER = "remixer"
    DJ_MIXER = "djmixer"


class WatchState(StrEnum):
    """How a library is looked after between scans."""

    OFF = "off"
    WATCHING = "watching"
    POLLING = "polling"


class ScanPhase(StrEnum):
    """What a running scan is doing, in order."""

    STARTING = "starting"
    CHECKING = "checking"
    WALKING = "walking"
    READING = "reading"
    MOVING = "moving"
    FINGERPRINTING = "fingerprinting"
    MARKING = "marking"
    TOTALS = "totals"


class LibraryStatus(StrEnum):
    """What a person should know of a library at once."""

    ONLINE = "online"
    OFFLINE = "offline"
    ATTENTION = "attention"


class ExplainStatus(StrEnum):
    """Why a file or folder is, or is not, in a library."""

    INDEXED = "indexed"
    MISSING = "missing"
    EXCLUDED = "excluded"
    UNSUPPORTED = "unsupported"
    PROBLEM = "problem"
    NOT_RECURSIVE = "notRecursive"
    SYMLINK = "symlink"
    SETTLING = "settling"
    NOT_SCANNED = "notScanned"
    ABSENT = "absent"
    OUTSIDE = "outside"
    OFFLINE = "offline"


class TextEncoding(StrEnum):
    """How the text of tags is read whose bytes tell no encoding, or a wrong one."""

    OFF = "off"
    AUTO = "auto"
    UTF_8 = "utf-8"
    GBK = "gbk"
    BIG5 = "big5"
    SHIFT_JIS = "shift_jis"
    EUC_JP = "euc-jp"
    EUC_KR = "euc-kr"
    CP874 = "windows-874"
    CP1250 = "windows-1250"
    CP1251 = "windows-1251"
    CP1252 = "windows-1252"
    CP1253 = "windows-1253"
    CP1254 = "windows-1254"
    CP1255 = "windows-1255"
    CP1256 = "windows-1256"
    CP1257 = "windows-1257"
    CP1258 = "windows-1258"
    CP866 = "ibm866"
    KOI8_R = "koi8-r"
    LATIN_1 = "iso-8859-1"
    LATIN_2 = "iso-8859-2"


class Freshness(IntEnum):
    """How an album row came to its identity since the last scan that settled the albums (see scanner.write.retags)."""

    SETTLED = 0
    # the row is older, its identity is not
    RENAMED = 1
    # the row itself is new
    NEW = 2
