"""Tasks reach our broker from every kind of process."""

from __future__ import annotations

import subprocess
import sys


def test_a_process_that_only_knows_django_sends_to_our_application() -> None:
    code = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'navidrome_lib.settings'; django.setup();"
        "from libraries.tasks import scan_library; print(scan_library.app.main)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said.strip() == "navidrome_lib"
