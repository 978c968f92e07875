"""Redact credentials in the log: every line is cleaned as the last step, whichever logger wrote it."""

from __future__ import annotations

import logging
import re

HIDDEN = "****"
# parameters that carry credentials: of the Subsonic protocol, of ours, and of JSON bodies
NAMES = (
    r"p|t|s|apiKey|jwt|token|subsonicToken|subsonicSalt|password|currentPassword|newPassword|secret"
    r"|sessionid|navidrome_lib_session"
)

RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # a query string or a form
    (re.compile(rf"((?:^|[?&;\s\"'])(?:{NAMES})=)[^&;\s\"'<>]*", re.IGNORECASE), rf"\1{HIDDEN}"),
    # JSON, or the text of a dict
    (re.compile(rf"""((["'])(?:{NAMES})\2\s*:\s*)(\[?\s*(["'])(?:\\.|(?!\4).)*\4\s*\]?)""", re.IGNORECASE),
     rf"\1\2{HIDDEN}\2"),
    # headers
    (re.compile(r"(\b(?:bearer|basic)\s+)[\w\-.~+/=]{4,}", re.IGNORECASE), rf"\1{HIDDEN}"),
    # what looks like a token or a key wherever it stands
    (re.compile(r"\beyJ[\w-]+\.[\w-]*\.?[\w-]*"), HIDDEN),
    (re.compile(r"\bndk_[\w-]{8,}"), HIDDEN),
    # the password in the address of a database or broker
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^:/?#@\s]*:)[^@/\s]+@", re.IGNORECASE), rf"\1{HIDDEN}@"),
)  # fmt: skip


def redact(text: str) -> str:
    """`text` without credentials."""
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Cleans the finished line, with its arguments and its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
