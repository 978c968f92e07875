"""Smart playlists as files: the JSON of rules, with the name and the comment of the playlist. It knows no Django."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from listening.rules.parsing import RuleError, parse_rules

# what belongs to the rules; all else says something of the playlist
_RULES: Final = ("all", "any", "sort", "order", "limit", "limitPercent")
# whole lines: inside of a text `//` means no comment
_COMMENT: Final = re.compile(rb"^\s*//.*$", re.MULTILINE)
MAX_BYTES: Final = 1_000_000


class SmartFile(NamedTuple):
    """What a file says: texts may be empty, `public` None where it says nothing of that."""

    name: str
    comment: str
    public: bool | None
    rules: dict[str, Any]


def parse(data: bytes) -> SmartFile:
    """Read a file; RuleError says what is wrong with it."""
    try:
        found = json.loads(_COMMENT.sub(b"", data[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf")))
    except ValueError as error:
        raise RuleError("The file is not JSON.") from error
    except RecursionError as error:
        raise RuleError("The rules are nested too deeply.") from error
    if not isinstance(found, dict):
        raise RuleError("Rules are a JSON object with “all” or “any”.")
    lower = {key.lower(): value for key, value in found.items()}
    rules = {name: lower[name.lower()] for name in _RULES if lower.get(name.lower()) is not None}
    parse_rules(rules)
    public = lower.get("public")
    said = public if isinstance(public, bool) else None
    return SmartFile(_text(lower.get("name")), _text(lower.get("comment")), said, rules)


def _text(value: object) -> str:
    return value if isinstance(value, str) and "\0" not in value else ""
