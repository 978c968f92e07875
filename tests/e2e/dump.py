"""Scan a folder into an empty database and print all that the scan wrote: run as a process of its own."""

from __future__ import annotations

import os
import pprint
import sys

import django
from django.core.management import call_command


def main(root: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")
    django.setup()
    from libraries.choices import ScanTrigger
    from libraries.scanner import pipeline
    from libraries.services import libraries, scans
    from libraries.services.library_rules import prepare_library
    from tests.support.scans import picture

    call_command("migrate", verbosity=0)
    library = libraries.create_library(prepare_library({"name": "Music", "path": root}), scan=False)
    scan = scans.request_scan(library, trigger=ScanTrigger.COMMAND, deliver=False)
    pipeline.run(scan.pk)
    pprint.pp(picture(library), width=200, sort_dicts=True)  # jsonb keeps no order of keys


if __name__ == "__main__":
    main(sys.argv[1])
