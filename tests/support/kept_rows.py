"""Rows that all tests of a module find: made once, not for each test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import transaction
from pytest_django import DjangoDbBlocker


@contextlib.contextmanager
def kept_rows(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Write rows within, for fixtures of a module; each of its tests takes back its own changes, and the end these.

    The instances that wrote them may know more than the rows after the first test: tests read theirs.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
