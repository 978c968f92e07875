"""`manage.py watch`"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from libraries.watcher.service import Service


class Command(BaseCommand):
    help = "Watch the folders of the libraries that ask for it, and request scans of what changes, until a signal."

    def handle(self, *_: Any, **__: Any) -> None:
        stop = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        self.stdout.write("The watcher is running.")
        self.stdout.flush()
        Service(stop).run()
