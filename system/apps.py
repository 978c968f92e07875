"""Health, insights, configuration and inspection."""

from __future__ import annotations

import atexit
import gc
from typing import Final

from django.apps import AppConfig
from django.db.models.signals import pre_migrate

from system.schema import refuse_unknown_schema

# A scan makes millions of objects, a request thousands, hardly any of them in circles: fewer rounds of the collector.
_THRESHOLDS: Final = (50_000, 20, 100)


class SystemConfig(AppConfig):
    name = "system"

    def ready(self) -> None:
        # sent for every app: once is enough
        pre_migrate.connect(refuse_unknown_schema, sender=self)
        # What a start makes is there until the end: the collector need not look at it again, and processes that are
        # forked off share its pages. At the exit it goes with the process; to look for circles then took a quarter
        # of the time of a short command.
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        atexit.register(gc.freeze)
