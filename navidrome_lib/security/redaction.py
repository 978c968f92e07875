"""Redact credentials and escape control characters in the log, as its last step, whichever logger wrote a line."""

from __future__ import annotations

import logging
import re

from navidrome_lib.controls import escape_controls

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
    # the address of a share is all that its guests need
    (re.compile(r"(/share/)[0-9A-Za-z]{10,22}\b"), rf"\1{HIDDEN}"),
    # the password in the address of a database or broker
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^:/?#@\s]*:)[^@/\s]+@", re.IGNORECASE), rf"\1{HIDDEN}@"),
)  # fmt: skip


def redact(text: str) -> str:
    """`text` without credentials."""
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Cleans what a record says, with its arguments and its traceback: no credential, and no line that others wrote.

    Only the first line of a record begins at the margin. A name, a path or a header that holds the end of a line shows
    it escaped, and the lines of a traceback stand behind a bar.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The one line of a record."""
        return escape_controls(redact(super().formatMessage(record)))

    def format(self, record: logging.LogRecord) -> str:
        line, *details = super().format(record).split("\n")
        cleaned = redact("\n".join(details)).split("\n") if details else []
        return "\n".join([line, *(f"  | {escape_controls(detail)}" for detail in cleaned)])


class RefusedHost(logging.Filter):
    """A request under a name that is not ours is one line: where it was refused would say nothing more.

    Anybody on the network can send such requests, as many as they like.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "django.security.DisallowedHost":
            name = record.getMessage().partition(". You may need")[0]
            record.msg, record.args = "%s (ND_ALLOWEDHOSTS names the hosts that are answered).", (name,)
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
