"""The options of scans."""

from __future__ import annotations

from dataclasses import dataclass

from navidrome_lib.config import env
from navidrome_lib.config.env import Reader
from navidrome_lib.config.option import option
from navidrome_lib.config.schedules import read_schedule
from navidrome_lib.config.tags import TAGS

SCANS = "How do scans run?"

SCHEDULE = Reader(read_schedule, "`@daily`, five cron fields (UTC), `@every` with a duration, or `never`")


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """How scans run. Durations in seconds, memory in MiB."""

    schedule: str = option(
        "ND_SCANNER_SCHEDULE",
        SCHEDULE,
        "When every library is scanned by itself; each library can have a schedule of its own.",
        chapter=SCANS,
        default_note="no schedule",
        example="@every 6h",
        nonsense="foo",
    )
    workers: int = option(
        "ND_SCANNER_WORKERS",
        env.integer(1, 64),
        "How many scans run at once in one worker process.",
        chapter=SCANS,
        default="2",
        unit="scans",
        example="1",
        nonsense="0",
    )
    readers: int = option(
        "ND_SCANNER_READERS",
        env.integer(1, 64),
        "How many processes read tags for one scan.",
        chapter=SCANS,
        default="2",
        unit="processes",
        example="4",
        nonsense="many",
    )
    in_flight: int = option(
        "ND_SCANNER_INFLIGHT",
        env.integer(1, 1024),
        "How many operations of one scan may wait for the storage of a library at once. "
        "A scan finds out how many of them make it faster: none on a local disk, many on network storage.",
        chapter=SCANS,
        default="64",
        unit="operations",
        example="8",
        nonsense="0",
    )
    fingerprints: bool = option(
        "ND_SCANNER_FINGERPRINTS",
        env.BOOLEAN,
        "Remember an audio fingerprint of each track, to follow files that are moved and retagged at once. "
        "Switch it off for storage where every byte that is read is paid for.",
        chapter=SCANS,
        default="true",
        example="false",
        nonsense="maybe",
    )
    file_timeout: int = option(
        "ND_SCANNER_FILETIMEOUT",
        env.duration("1s", "1d"),
        "How long the tags of one file may take to read; after that the file is listed as a problem.",
        chapter=SCANS,
        default="10s",
        example="30s",
        nonsense="10",
    )
    file_memory: int = option(
        "ND_SCANNER_FILEMEMORY",
        env.integer(64, 65536),
        "How much memory the reading of one file may take.",
        chapter=SCANS,
        default="512",
        unit="MiB",
        example="256",
        nonsense="1GB",
    )
    watcher_wait: int = option(
        "ND_SCANNER_WATCHERWAIT",
        env.duration("0s", "1d"),
        "How long a watched folder must be quiet before it is scanned; `0s` starts no watcher.",
        chapter=SCANS,
        default="5s",
        example="1m",
        nonsense="a while",
    )
    watcher_poll: int = option(
        "ND_SCANNER_WATCHERPOLL",
        env.duration("1s", "30d"),
        "How often folders are looked at where the system cannot tell of changes, as on network storage.",
        chapter=SCANS,
        default="5m",
        example="1h",
        nonsense="0s",
    )
    artist_split_exceptions: tuple[str, ...] = option(
        "ND_SCANNER_ARTISTSPLITEXCEPTIONS",
        env.NAMES,
        "Names of artists, composers and other people that are never split. "
        "They count as whole words in any case, the longest first. A change takes effect at the next full scan.",
        chapter=TAGS,
        default_note="none",
        example="AC/DC, Earth; Wind; Fire",
        nonsense='["AC/DC"',
    )
