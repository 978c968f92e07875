"""Values as they are on the wire, for code that reads or writes them without the API's framework."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from django.urls import get_script_prefix


def parse_library_id(value: object) -> int | None:
    """The integer that a library id stands for (`1`, `"1"`), or None when it cannot be one."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    digits = str(value) if isinstance(value, str) or abs(value) < 10**18 else ""
    return int(digits) if re.fullmatch(r"\d{1,18}", digits, re.ASCII) else None


def instant(value: datetime) -> str:
    """ISO 8601 in UTC with `Z`, to the millisecond."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def location(path: str) -> dict[str, str]:
    """The header that names what was made, such as `/api/scan/1`, below the path prefix where there is one."""
    return {"Location": get_script_prefix() + path.removeprefix("/")}
