"""`python -m bench.lists_child SONGS OUTPUT`: fill an empty catalog and time its lists, in one process."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django

django.setup()

from bench import catalog, pages  # noqa: E402 - models exist only after the setup


def main() -> None:
    songs, output = sys.argv[1:]
    catalog.fill(int(songs))
    catalog.settle()
    Path(output).write_text(json.dumps([list(one) for one in pages.measure()]), encoding="utf-8")


if __name__ == "__main__":
    main()
