"""`manage.py watch`"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from libraries.watcher.service import Watcher


class Command(BaseCommand):
    help = (
        "Watch the libraries whose option “watch” is on, and request scans of changed folders, until a signal arrives."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        stop = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        self.stdout.write("The watcher is running.")
        self.stdout.flush()
        Watcher(stop).run()
