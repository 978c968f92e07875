"""`python -m devtools`: what `./script/test` runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from devtools.checks import test
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.errors import Failed, Interrupted, Refused


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 when all passed, 1 for a failure, 2 for a refusal, 130 for tests cut short."""
    try:
        return test(arguments[1:] if arguments[:1] == ["--"] else arguments, Console())
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Failed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (Interrupted, KeyboardInterrupt):
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
