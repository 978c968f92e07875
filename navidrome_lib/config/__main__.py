"""`python -m navidrome_lib.config FILE`: write the reference of the options."""

from __future__ import annotations

import sys
from pathlib import Path

from navidrome_lib.config.reference import render

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render(), encoding="utf-8")
