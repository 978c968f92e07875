"""The code of all services, loaded once: what is forked from here shares it.

Nothing here may open a connection or start a thread: neither survives a fork.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from importlib import import_module

from navidrome_lib.runner.errors import Failed

SETTINGS = "navidrome_lib.settings"
# by their names: the supervisor uses none of them
MODULES = (
    "navidrome_lib.wsgi",
    "navidrome_lib.urls",
    "navidrome_lib.web.worker",
    "gunicorn.app.wsgiapp",
    "navidrome_lib.celery",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.concurrency.prefork",
    "celery.worker.consumer",
    "libraries.watcher.service",
)


def load_django(environ: Mapping[str, str]) -> None:
    """Set Django up with these options; raises Failed with the sentence of an option that is wrong."""
    # imported here: until the folder is claimed and the options are read, nothing of it is needed
    import django  # noqa: PLC0415
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415

    os.environ.update(environ)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    try:
        django.setup()
    except ImproperlyConfigured as error:
        raise Failed(str(error)) from None


def load_services() -> None:
    """Import what web, worker, beat and watcher run."""
    for name in MODULES:
        import_module(name)
    import_module("navidrome_lib.celery").app.loader.import_default_modules()
    gc.collect()
    gc.freeze()
