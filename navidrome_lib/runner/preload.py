"""The code of all services, loaded once: what is forked from here shares it.

Nothing here may open a connection or start a thread: neither survives a fork.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from navidrome_lib.runner.errors import Failed

M_ARENA_MAX = -8
# packages that nothing here uses, which others load where they find them: some MB each
UNUSED = ("jinja2", "psutil", "pygments", "requests")
SETTINGS = "navidrome_lib.settings"
# by their names: the supervisor uses none of them
MODULES = (
    "navidrome_lib.wsgi",
    "navidrome_lib.urls",
    "navidrome_lib.web.worker",
    "gunicorn.app.wsgiapp",
    "navidrome_lib.celery",
    # what a worker loads by itself, but only when it runs
    "billiard.dummy",
    "billiard.pool",
    "celery.app.amqp",
    "celery.app.control",
    "celery.app.events",
    "celery.app.log",
    "celery.apps.worker",
    "celery.backends.base",
    "celery.beat",
    "celery.concurrency.thread",
    "celery.events.receiver",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.consumer.delayed_delivery",
    "celery.worker.strategy",
    "django.core.cache.backends.redis",
    "django.db.models.sql.compiler",
    "kombu.transport.redis",
    "navidrome_lib.cache",
    "navidrome_lib.scheduler",
    "libraries.watcher.service",
)


def load_django(environ: Mapping[str, str], *, is_sqlite: bool) -> None:
    """Set Django up with these options; raises Failed with the sentence of an option that is wrong."""
    # imported here: until the folder is claimed and the options are read, nothing of it is needed
    import django  # noqa: PLC0415
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415

    os.environ.update(environ)
    modules: dict[str, Any] = sys.modules
    for name in (*UNUSED, "psycopg") if is_sqlite else UNUSED:
        modules.setdefault(name, None)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    try:
        django.setup()
    except ImproperlyConfigured as error:
        raise Failed(str(error)) from None


def _share_arenas() -> None:
    """Have the threads of a service share what the C library allocates; Python runs one of them at a time anyway."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):  # not every C library has it
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def load_services() -> None:
    """Import what worker and web run."""
    for name in MODULES:
        import_module(name)
    _share_arenas()
    # Celery sets Django up again in each worker: that would write to what all services share
    import_module("django.conf").settings.LOGGING_CONFIG = None
    app = import_module("navidrome_lib.celery").app
    app.loader.import_default_modules()
    app.finalize()
    gc.collect()
    gc.freeze()
