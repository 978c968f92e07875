"""The options of what admins may look into."""

from __future__ import annotations

from dataclasses import dataclass

from navidrome_lib.config import env
from navidrome_lib.config.option import option

FEATURES = "What can be switched on and off?"


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """The file inspection endpoint: off unless asked for; at most `max_requests` per minute."""

    enabled: bool = option(
        "ND_INSPECT_ENABLED",
        env.BOOLEAN,
        "Open `/api/inspect`, which shows admins the tags of a file as they are on the disk.",
        chapter=FEATURES,
        default="false",
        example="true",
        nonsense="enabled",
    )
    max_requests: int = option(
        "ND_INSPECT_MAXREQUESTS",
        env.integer(1, 100_000),
        "How many files may be inspected in a minute.",
        chapter=FEATURES,
        default="30",
        unit="requests per minute",
        example="10",
        nonsense="0",
    )
