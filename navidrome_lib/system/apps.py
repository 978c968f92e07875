"""Health, insights, configuration and inspection."""

from __future__ import annotations

import atexit
import gc
from typing import Final

from django.apps import AppConfig

# Hardly anything of ours is in circles. Python would look for some after 700 new objects, which a scan makes with every
# few files: that was a tenth of its time.
_COLLECT_AFTER: Final = 50_000


class SystemConfig(AppConfig):
    name = "navidrome_lib.system"
    label = "system"

    def ready(self) -> None:
        # What a start makes is there until the end: the collector need not look at it again, and processes that are
        # forked off share its pages. At the exit it goes with the process; to look for circles then took a quarter
        # of the time of a short command.
        gc.freeze()
        gc.enable()
        gc.set_threshold(_COLLECT_AFTER)
        atexit.register(gc.freeze)
