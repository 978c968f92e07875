"""`python -m navidrome_lib.runner serve|demo`: what the scripts of the same names run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from navidrome_lib.config.private import mask_new_files
from navidrome_lib.runner import options
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.demo import DATA_NAME, demo
from navidrome_lib.runner.errors import Failed, Interrupted, Refused
from navidrome_lib.runner.serve import private_environment, serve


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 after an orderly stop, 1 for a failure, 2 for a refusal."""
    mask_new_files()
    console = Console()
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    try:
        if command not in {"serve", "demo"}:
            raise Refused("Usage: python -m navidrome_lib.runner serve|demo [options]")
        start(command, rest, console)
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Failed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (Interrupted, KeyboardInterrupt):
        return 0
    return 0


def start(command: str, arguments: Sequence[str], console: Console) -> None:
    """Serve, with or without the demo, until a signal."""
    parser = argparse.ArgumentParser(prog=command, allow_abbrev=False)
    options.add_arguments(parser)
    parsed = options.parse(parser, arguments)
    environ = private_environment()
    if command == "demo":
        demo(options.read(parsed, environ, data_name=DATA_NAME), environ, console)
    else:
        serve(options.read(parsed, environ), environ, console)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
