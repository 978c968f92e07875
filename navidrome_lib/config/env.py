"""Typed readers of environment variables: from a text to a valid value, or `ValueError` with the reason.

A text comes without surrounding space, unless the reader keeps it. The empty one stands for “nothing”, where a reader
knows such a value.
"""

from __future__ import annotations

import contextlib
import json
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

UNIX_SOCKET = "@"
# lists go to the reader processes as an argument, which the system bounds
MAX_TEXTS_BYTES = 50_000

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# what clients send by themselves, or what tells of the client: a name in one of these proves nothing
_HEADERS_OF_CLIENTS = re.compile(
    r"(?:Accept|Access-Control|Content|If|Proxy|Sec)-.*|Accept|Authorization|Cache-Control|Connection|Cookie|"
    r"Date|Expect|Forwarded|From|Host|Keep-Alive|Origin|Pragma|Range|Referer|TE|Trailer|Transfer-Encoding|Upgrade|"
    r"User-Agent|Via|X-Forwarded-(?:For|Host|Port|Prefix|Proto|Server)|X-ND-Authorization|X-Real-IP",
    re.IGNORECASE,
)
# the widest networks that belong to one house: 10.0.0.0/8 and fc00::/7
_WIDEST = {4: 8, 6: 7}
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*", re.ASCII)


class ConfigError(Exception):
    """An option that cannot be used, with the name of its variable and the reason."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


@dataclass(frozen=True)
class Reader(Generic[T]):
    """A function from the text of a variable to its value, and what it takes in words."""

    read: Callable[[str], T]
    takes: str
    keeps_space: bool = False


def read_boolean(text: str) -> bool:
    """True or false, in any case of letters."""
    value = text.lower()
    if value not in _TRUE | _FALSE:
        raise ValueError(f"must be true or false, not {value!r}")
    return value in _TRUE


def integer(minimum: int, maximum: int) -> Reader[int]:
    """Reader of a whole number between `minimum` and `maximum`, both included."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
            raise ValueError(f"must be a whole number, not {text!r}")
        if not minimum <= int(text) <= maximum:
            raise ValueError(f"must be between {minimum} and {maximum}, not {int(text)}")
        return int(text)

    return Reader(read, f"a whole number from {minimum} to {maximum}")


def read_size(text: str) -> int:
    """Bytes, from a number with a unit (`100MB`, `1.5GiB`), or without one."""
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,3})?)\s*([kmgt]?i?b?)", text.lower(), re.ASCII)
    if found is None or found[2] == "i":
        raise ValueError(f"must be a size such as 100MB or 1.5GiB, not {text!r}")
    power = " kmgt".index(found[2][:1]) if found[2][:1] in "kmgt" and found[2] else 0
    return int(float(found[1]) * (1024 if "i" in found[2] else 1000) ** power)


def duration(minimum: str, maximum: str) -> Reader[int]:
    """Reader of seconds, from a number with a unit (`90s`, `15m`, `48h`, `30d`) or a sum of them (`1h30m`)."""

    def read(text: str) -> int:
        found = seconds(text)
        if not seconds(minimum) <= found <= seconds(maximum):
            raise ValueError(f"must be between {minimum} and {maximum}, not {text!r}")
        return found

    return Reader(read, f"a duration from {minimum} to {maximum}, such as 90s, 15m, 1h30m or 30d")


def seconds(text: str) -> int:
    """The seconds of a duration such as `1h30m`."""
    value = text.lower()
    parts = re.findall(r"(\d{1,9})([smhd])", value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        raise ValueError(f"must be a duration such as 90s, 15m, 48h or 30d, not {value!r}")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def choice(*choices: str) -> Reader[str]:
    """Reader of one of `choices`, ignoring case."""

    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {text.lower()!r}")
        return text.lower()

    return Reader(read, f"one of `{'`, `'.join(choices)}`")


def read_text(text: str) -> str:
    """Any text without a NUL character."""
    if "\0" in text:
        raise ValueError("must not contain a NUL character")
    return text


def read_path(text: str) -> Path:
    """An absolute path: a relative one counts from the current folder, `~` is the home folder."""
    try:
        return Path(read_text(text)).expanduser().absolute()
    except RuntimeError as error:  # the home of an unknown user
        raise ValueError(f"must be the path of a folder ({error})") from None


def read_optional_path(text: str) -> Path | None:
    """The absolute path of a folder, or None for the empty text; storage that does not answer is not asked."""
    return read_path(text) if text else None


def read_folder(text: str) -> Path:
    """The absolute path of a folder that exists or can be made."""
    path = read_path(text)
    try:
        usable = could_be_folder(path)
    except OSError as error:  # such as a name that is too long
        raise ValueError(f"must be a folder ({error.strerror})") from None
    if not usable:
        raise ValueError(f"must be a folder, and {str(path)!r} cannot be one")
    return path


def could_be_folder(path: Path) -> bool:
    """Whether the nearest part of the path that is there is a folder."""
    for part in (path, *path.parents):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            return stat.S_ISDIR(part.stat().st_mode)
    return True


def read_folders(text: str) -> tuple[Path, ...]:
    """Absolute folders with `:` between them, as in PATH."""
    for part in filter(None, (part.strip() for part in read_text(text).split(":"))):
        if not part.startswith(("/", "~")):
            raise ValueError(f"must be absolute folders with “:” between them, not {part!r}")
    return tuple(read_path(part.strip()) for part in text.split(":") if part.strip())


def read_texts(text: str) -> tuple[str, ...]:
    """Texts with commas between them, in which space counts, or in JSON. No text stands for none."""
    found: object = text.split(",") if text else []
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ValueError(f'must be a list in JSON such as ["; ", " / "], not {text!r} ({error})') from None
    if not isinstance(found, list) or not all(isinstance(each, str) and each.strip() for each in found):
        raise ValueError(f"must be texts with commas between them, none of them empty, not {text!r}")
    if len(text.encode()) > MAX_TEXTS_BYTES:
        raise ValueError(f"must be at most {MAX_TEXTS_BYTES} bytes long, not {len(text.encode())}")
    return tuple(map(read_text, found))


def read_names(text: str) -> tuple[str, ...]:
    """Names with commas between them, or in JSON."""
    return tuple(name.strip() for name in read_texts(text))


def read_words(text: str) -> tuple[str, ...]:
    """Words with spaces between them; `[]` is none."""
    if len(text.encode()) > MAX_TEXTS_BYTES:
        raise ValueError(f"must be at most {MAX_TEXTS_BYTES} bytes long, not {len(text.encode())}")
    return () if text.strip() == "[]" else tuple(read_text(text).split())


def read_own_texts(text: str) -> tuple[str, ...] | None:
    """Texts as `read_texts` has them, or None for the empty text."""
    return read_texts(text) if text else None


def url(*schemes: str) -> Reader[str]:
    """Reader of a URL with one of `schemes`, or nothing. A reason never repeats the value: it may hold a password."""
    beginnings = " or ".join(scheme + "://" for scheme in schemes)

    def read(text: str) -> str:
        try:
            parts = urlsplit(read_text(text))
            usable = not text or (parts.scheme in schemes and parts.port != 0)
        except ValueError:  # a port that is no number, brackets that do not match
            usable = False
        if not usable:
            raise ValueError(f"must be a URL that starts with {beginnings}")
        return text

    return Reader(read, f"a URL that starts with {beginnings}")


def read_networks(text: str) -> tuple[str, ...]:
    """Addresses and networks separated by commas (`127.0.0.1, 10.0.0.0/8`); `@` stands for a local socket."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(part if part == UNIX_SOCKET else str(ip_network(part, strict=False)))
        except ValueError:
            raise ValueError(f"must be addresses or networks separated by commas, not {part!r}") from None
    return tuple(found)


def read_header(text: str) -> str:
    """The name of an HTTP header that only a proxy sets, or nothing."""
    if text and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", text, re.ASCII):
        raise ValueError(f"must be the name of a header such as Remote-User, not {text!r}")
    if _HEADERS_OF_CLIENTS.fullmatch(text):
        raise ValueError(f"must be a header that only the proxy sets, such as Remote-User; every client sends {text}")
    return text


def too_wide_to_trust(networks: tuple[str, ...]) -> str | None:
    """The first network that is wider than any private one, so that strangers are in it; None when there is none."""
    for name in networks:
        if name != UNIX_SOCKET:
            network = ip_network(name)
            if network.prefixlen < _WIDEST[network.version]:
                return name
    return None


def read_base_path(text: str) -> str:
    """A URL path prefix without its last slash (`/music`), or nothing."""
    path = urlsplit(text).path if "://" in text else text
    path = "/" + path.strip("/") if path.strip("/") else ""
    if not re.fullmatch(r"[\w\-./~]*", path, re.ASCII):
        raise ValueError(f"must be a URL path such as /music, not {text!r}")
    return path


def is_address(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def read_address(text: str) -> str:
    """An IP address, or the name of a host."""
    if not is_address(text) and not _HOST.fullmatch(text):
        raise ValueError(f"must be an address such as 127.0.0.1 or ::, or the name of a host, not {text!r}")
    return text


def read_hosts(text: str) -> str:
    """Host names separated by commas: `*` is any, `.example.org` is that domain with all below it."""
    for host in filter(None, (part.strip() for part in text.split(","))):
        name = host.removeprefix(".")
        if host != "*" and not _HOST.fullmatch(name) and not is_address(host.removeprefix("[").removesuffix("]")):
            raise ValueError(f"must be host names separated by commas, without scheme and port, not {host!r}")
    return text


def read_origins(text: str) -> tuple[str, ...]:
    """Origins separated by commas (`https://player.example`); `*` alone is any, `none` is none."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    if [part.lower() for part in found] in (["*"], ["none"]):
        return tuple(found) if found == ["*"] else ()
    for part in found:
        if not is_origin(part):
            raise ValueError(
                f"must be origins such as https://player.example separated by commas, or * or none, not {part!r}"
            )
    return tuple(part.lower() for part in found)


def is_origin(text: str) -> bool:
    """Whether the text is scheme, host and perhaps port, without a path."""
    try:
        parts = urlsplit(text)
        rest = (parts.path, parts.query, parts.fragment, parts.username, parts.password)
        usable = parts.scheme in ("http", "https") and not any(rest) and parts.port != 0
    except ValueError:
        return False
    host = parts.hostname or ""
    return usable and (bool(_HOST.fullmatch(host)) or is_address(host)) and text.lower() == parts.geturl().lower()


_TEXTS = "texts with commas between them, in which spaces count, or a list in JSON; `[]` is none"
TEXTS = Reader(read_texts, _TEXTS, keeps_space=True)
OWN_TEXTS = Reader(read_own_texts, _TEXTS, keeps_space=True)
NAMES = Reader(read_names, "names with commas between them, or a list in JSON")
WORDS = Reader(read_words, "words with spaces between them; `[]` is none")
BOOLEAN = Reader(read_boolean, "`true` or `false`")
SIZE = Reader(read_size, "bytes, as a number with a unit such as MB or GiB")
TEXT = Reader(read_text, "text")
FOLDER = Reader(read_folder, "a folder; a relative one counts from the current folder, `~` is the home folder")
OPTIONAL_PATH = Reader(read_optional_path, FOLDER.takes)
FOLDERS = Reader(read_folders, "absolute folders with `:` between them")
NETWORKS = Reader(read_networks, "addresses or networks with commas between them; `@` is a local socket")
HEADER = Reader(read_header, "the name of a header")
BASE_PATH = Reader(read_base_path, "a path, or a URL of which the path counts")
ORIGINS = Reader(read_origins, "origins (scheme, host and port) with commas between them; `*` is any, `none` is none")
ADDRESS = Reader(read_address, "an IP address, or the name of a host")
HOSTS = Reader(read_hosts, "host names with commas between them; `*` is any, `.example.org` a domain and all below it")
