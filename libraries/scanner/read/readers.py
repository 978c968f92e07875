"""The reader processes of a scan, as the options of the server want them."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from libraries.audio.pool.pool import ReaderPool
from libraries.audio.pool.protocol import Flights
from libraries.scanner.options import pid_rules, split_rules
from libraries.scanner.read.transport import conversion_by
from navidrome_lib.giving_way import sign_of


def make_pool(workers: int | None = None, *, root: bytes = b"", listing: Callable[[], int] = lambda: 0) -> ReaderPool:
    """A pool that starts its processes when there is work; as many as a scan has, unless said otherwise.

    They map what they read of the library with this root. `listing` says how many operations on the same storage are
    not theirs at the moment.
    """
    options = settings.CONF.scanner
    memory = options.file_memory * 1024 * 1024
    conversion = conversion_by(split_rules(settings.CONF), pid_rules(settings.CONF), root=root)
    return ReaderPool(
        workers or options.readers,
        timeout=options.file_timeout,
        memory=memory,
        conversion=conversion,
        flights=lambda: Flights(options.in_flight - listing()),
        give_way=sign_of(settings.CONF.data_folder).give_way,
    )
