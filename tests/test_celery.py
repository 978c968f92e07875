"""Tasks reach our broker from every kind of process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from libraries import queue, tasks
from navidrome_lib.celery import app


def test_a_process_that_only_knows_django_sends_to_our_application() -> None:
    code = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'navidrome_lib.settings'; django.setup();"
        "from celery import Celery; Celery.send_task = lambda self, name, args, **_: print(self.main, name, *args);"
        "from libraries import queue; queue.deliver_clear(7);"
        "from libraries.tasks import scan_library; print(scan_library.app.main)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said.splitlines() == ["navidrome_lib libraries.tasks.clear_library 7", "navidrome_lib"]


@pytest.mark.django_db
def test_each_delivery_is_of_a_task_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, *_, **__: sent.append(name))
    queue.deliver(1)
    queue.deliver_clear(1)
    queue.deliver_fingerprints()
    assert sent == [tasks.scan_library.name, tasks.clear_library.name, tasks.fingerprint_tracks.name]
