"""Parameters of a call: from the query string, or from a form that was posted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from django.http import HttpRequest

from subsonic.errors import GENERIC, SubsonicError, missing_parameter

# the end of the year 9999
LAST_MILLISECOND: Final = 253_402_300_799_000
TRUE = {"true", "on", "1", "yes"}
FALSE = {"false", "off", "0", "no"}


class Params:
    """Values by name. A value that is given twice counts once, as the first; `many` returns all."""

    def __init__(self, values: Mapping[str, list[str]], request: HttpRequest | None = None) -> None:
        self._values = values
        self._request = request

    @classmethod
    def of(cls, request: HttpRequest) -> Params:
        """The parameters of `request`; those of the form come first."""
        values: dict[str, list[str]] = {}
        for source in (request.POST, request.GET) if request.method == "POST" else (request.GET,):
            for name, found in source.lists():
                # no database has a NUL, and not every one lets itself be asked for it
                values.setdefault(name, []).extend(str(value).replace("\0", "\ufffd") for value in found)
        return cls(values, request)

    @property
    def request(self) -> HttpRequest:
        """The request itself, for calls whose answer depends on its headers."""
        assert self._request is not None
        return self._request

    def text(self, name: str, default: str = "") -> str:
        found = self._values.get(name)
        return found[0] if found else default

    def has(self, name: str) -> bool:
        """True when the call has this parameter, be it empty."""
        return name in self._values

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise missing_parameter(name)
        return value

    def many(self, name: str) -> list[str]:
        return list(self._values.get(name, []))

    def number(self, name: str) -> int:
        """A whole number from 0 up; 0 where there is none, or nothing that can be read as one."""
        return whole(self.text(name)) or 0

    def limit(self, name: str, default: int, most: int | None = None) -> int:
        """How many are wanted: `default` where nothing is said that can be read, and never more than `most`."""
        asked = whole(self.text(name))
        wanted = default if asked is None else asked
        return wanted if most is None else min(wanted, most)

    def decimal(self, name: str) -> float:
        """A number from 0 up, whole or not; 0 where there is none, or nothing that can be read as one."""
        found = re.fullmatch(r"\d{1,7}(\.\d{1,6})?", self.text(name).strip(), re.ASCII)
        return float(found[0]) if found else 0.0

    def whole_number(self, name: str) -> int:
        """A whole number from 0 up that has to be there."""
        found = whole(self.required(name), digits=15)
        if found is None:
            raise SubsonicError(GENERIC, f"{name} must be a whole number.")
        return found

    def named(self, name: str) -> list[str]:
        """All values that are given and not empty: an empty one counts as none."""
        return [text for text in self.many(name) if text]

    def position(self, name: str) -> int:
        """A place in a song in milliseconds that has to be there; a fraction, which some players send, is left out."""
        found = position(self.required(name))
        if found is None:
            raise SubsonicError(GENERIC, f"{name} must be a number of milliseconds.")
        return found

    def whole_numbers(self, name: str) -> list[int]:
        """All whole numbers from 0 up that are given; what cannot be read as one is left out."""
        found = map(whole, self.many(name))
        return [number for number in found if number is not None]

    def instant(self, name: str) -> datetime | None:
        """A moment in milliseconds since 1970; None where there is none, and for 0."""
        text = self.text(name).strip()
        found = milliseconds(text, name) if text else 0
        return datetime.fromtimestamp(found / 1000, UTC) if found else None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Yes or no; `default` where nothing is said that can be read as one of them."""
        found = self.text(name).strip().lower()
        return found in TRUE or (default and found not in FALSE)


def whole(text: str, *, digits: int = 9) -> int | None:
    """The whole number from 0 up that a text is, with that many digits at most; None where it is none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def position(text: str) -> int | None:
    """The place in a song that a text is, in whole milliseconds; None where it is none."""
    found = re.fullmatch(r"(\d{1,15})(\.\d{1,20})?", text.strip(), re.ASCII)
    return int(found[1]) if found else None


def milliseconds(text: str, name: str) -> int:
    """A moment in milliseconds since 1970; a fraction, which some clients send, is left out."""
    found = re.fullmatch(r"(\d{1,16})(\.\d{1,9})?", text.strip(), re.ASCII)
    if found is None or int(found[1]) > LAST_MILLISECOND:
        raise SubsonicError(GENERIC, f"{name} must be in milliseconds since 1970.")
    return int(found[1])
