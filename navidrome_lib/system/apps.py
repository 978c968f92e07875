"""Health, insights, configuration and inspection."""

from __future__ import annotations

import atexit
import gc

from django.apps import AppConfig


class SystemConfig(AppConfig):
    name = "navidrome_lib.system"
    label = "system"

    def ready(self) -> None:
        # What a start makes is there until the end: the collector need not look at it again, and processes that are
        # forked off share its pages. At the exit it goes with the process; to look for circles then took a quarter
        # of the time of a short command.
        gc.freeze()
        gc.enable()
        atexit.register(gc.freeze)
