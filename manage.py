#!/usr/bin/env python3
"""Run one management command of navidrome-lib."""

import os
import sys
from importlib import import_module


def main() -> None:
    """Run the command; an option, a folder or a key that is refused ends it with one sentence."""
    module = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        import_module(module)
    except ImproperlyConfigured as error:
        sys.exit(str(error))

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
