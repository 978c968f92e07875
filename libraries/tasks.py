"""Celery tasks."""

from __future__ import annotations


def deliver(scan_id: int) -> None:
    """placeholder until the scanner is merged"""


def deliver_clear(library_id: int) -> None:
    """placeholder until the scanner is merged"""
