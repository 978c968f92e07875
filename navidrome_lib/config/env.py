"""Typed readers of environment variables: a valid value, or `ConfigError` with the name and the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

Environ = Mapping[str, str]

UNIX_SOCKET = "@"

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ConfigError(Exception):
    """An option that cannot be used, with the name of its variable and the reason."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


def text(environ: Environ, name: str, default: str = "") -> str:
    """The value without surrounding space; `default` when unset or empty."""
    value = environ.get(name, "").strip()
    if "\0" in value:
        raise ConfigError(name, "must not contain a NUL character")
    return value or default


def boolean(environ: Environ, name: str, default: bool) -> bool:
    """true/false, 1/0, yes/no or on/off, in any case."""
    value = text(environ, name).lower()
    if not value:
        return default
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ConfigError(name, f"must be true or false, not {value!r}")


def integer(environ: Environ, name: str, default: int, *, minimum: int, maximum: int) -> int:
    """A whole number between `minimum` and `maximum`, both included."""
    value = text(environ, name)
    if not value:
        return default
    if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        raise ConfigError(name, f"must be a whole number, not {value!r}")
    number = int(value)
    if not minimum <= number <= maximum:
        raise ConfigError(name, f"must be between {minimum} and {maximum}, not {number}")
    return number


def duration(environ: Environ, name: str, default: int) -> int:
    """Seconds, from a number with a unit (`90s`, `15m`, `48h`, `30d`) or a sum of them (`1h30m`)."""
    value = text(environ, name).lower()
    if not value:
        return default
    parts = re.findall(r"(\d{1,9})([smhd])", value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        raise ConfigError(name, f"must be a duration such as 90s, 15m, 48h or 30d, not {value!r}")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def choice(environ: Environ, name: str, default: str, choices: tuple[str, ...]) -> str:
    """One of `choices`, ignoring case."""
    value = text(environ, name, default).lower()
    if value not in choices:
        raise ConfigError(name, f"must be one of {', '.join(choices)}, not {value!r}")
    return value


def folder(environ: Environ, name: str, default: str) -> Path:
    """An absolute path: a relative one counts from the current folder, `~` is the home folder."""
    return Path(text(environ, name, default)).expanduser().absolute()


def folders(environ: Environ, name: str) -> tuple[Path, ...]:
    """Absolute folders with `:` between them, as in PATH; none when unset."""
    parts = [part.strip() for part in text(environ, name).split(":")]
    found = tuple(Path(part).expanduser() for part in parts if part)
    for path in found:
        if not path.is_absolute():
            raise ConfigError(name, f"must be absolute folders with “:” between them, not {str(path)!r}")
    return found


def url(environ: Environ, name: str, schemes: tuple[str, ...]) -> str:
    """A URL with one of `schemes`, or the empty string. The message never repeats the value: it may hold a password."""
    value = text(environ, name)
    if value and urlsplit(value).scheme not in schemes:
        raise ConfigError(name, f"must be a URL that starts with {' or '.join(scheme + '://' for scheme in schemes)}")
    return value


def networks(environ: Environ, name: str) -> tuple[str, ...]:
    """Addresses and networks separated by commas (`127.0.0.1, 10.0.0.0/8`); `@` stands for a local socket."""
    found = []
    for part in filter(None, (part.strip() for part in text(environ, name).split(","))):
        try:
            found.append(part if part == UNIX_SOCKET else str(ip_network(part, strict=False)))
        except ValueError:
            raise ConfigError(name, f"must be addresses or networks separated by commas, not {part!r}") from None
    return tuple(found)


def header(environ: Environ, name: str) -> str:
    """The name of an HTTP header, or the empty string."""
    value = text(environ, name)
    if value and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", value, re.ASCII):
        raise ConfigError(name, f"must be the name of a header such as Remote-User, not {value!r}")
    return value


def base_path(environ: Environ, name: str) -> str:
    """A URL path prefix without its last slash (`/music`), or the empty string."""
    value = text(environ, name)
    path = urlsplit(value).path if "://" in value else value
    path = "/" + path.strip("/") if path.strip("/") else ""
    if not re.fullmatch(r"[\w\-./~]*", path, re.ASCII):
        raise ConfigError(name, f"must be a URL path such as /music, not {value!r}")
    return path
