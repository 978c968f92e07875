"""Transactions of a scan that are tried a second time, because another writer was in the way of the first try."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError

from libraries.scanner.write.references import References
from navidrome_lib.outages import BUSY, outage_of

logger = logging.getLogger(__name__)

T = TypeVar("T")


def with_retry(scan_id: int, references: References, write: Callable[[], T]) -> T:
    """The result of `write`, one transaction that may be done again as long as it was not committed.

    It fails where an artist or genre that was remembered has been pruned by another process, or where PostgreSQL broke
    up a deadlock with another scan: once, everything is looked up again.
    """
    try:
        return write()
    except (IntegrityError, OperationalError) as error:
        if outage_of(error) not in (None, BUSY):
            raise
        logger.info("scan %s: a transaction is tried again", scan_id, exc_info=True)
        references.forget()
        return write()
