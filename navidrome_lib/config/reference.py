"""`docs/configuration.md`, written from the declarations of the options."""

from __future__ import annotations

import re
import shlex
import textwrap
from itertools import groupby

from navidrome_lib.config.conf import Conf
from navidrome_lib.config.option import Option, declared_options

WIDTH = 100

INTRODUCTION = """\
# Which options does the server have?

<!-- Written by `python -m navidrome_lib.config docs/configuration.md`.
     Change the declarations in navidrome_lib/config/conf.py instead. -->

Options are environment variables.
Every process of the server reads the same ones, once, when it starts.
A value that makes no sense is refused at start, with the name of its variable and the reason.
A blank value counts as none.
Four options can also be given to `./script/serve` and `./script/demo`:
`--address`, `--port`, `--data` and `--music`.
"""

END = """\
## Which variables do the commands have?

These are read by the scripts and the `Procfile`, not by the server.

- `ND_VENV` – the folder of the Python environment that the scripts make and use (default: `.venv`).
- `PORT` – the port of the web process of the `Procfile` (default: `4533`).
- `WEB_CONCURRENCY` – how many processes of the `Procfile`'s web server answer (default: `2`).
"""


def render() -> str:
    """The whole page."""
    # the sort is stable: inside a chapter the options stand as they are declared
    declared = list(declared_options(Conf))
    chapters = list(dict.fromkeys(option.chapter for option in declared))
    declared.sort(key=lambda option: chapters.index(option.chapter))
    parts = [INTRODUCTION]
    for chapter, found in groupby(declared, key=lambda option: option.chapter):
        parts += [f"## {chapter}\n", *map(describe, found)]
    return "\n".join([*parts, END])


def describe(option: Option) -> str:
    """The section of one option."""
    unit = f" ({option.unit})" if option.unit else ""
    about = [line for sentence in re.split(r"(?<=\.) ", option.about) for line in textwrap.wrap(sentence, WIDTH)]
    items = [f"- Value: {option.reader.takes}{unit}", f"- Default: {default(option)}"]
    items.append(f"- Example: `{option.variable}={quoted(option.example)}`")
    if option.secret:
        items.append("- Secret: it is never shown, not even to admins.")
    return "\n".join([f"### `{option.variable}`\n", *about, "", *map(wrap_item, items), ""])


def default(option: Option) -> str:
    """The default with what it means."""
    if not option.default:
        return option.default_note
    return f"`{option.default}`" + (f" ({option.default_note})" if option.default_note else "")


def quoted(text: str) -> str:
    """A value as a shell takes it."""
    return shlex.quote(text)


def wrap_item(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
