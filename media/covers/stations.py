"""Covers of radio stations."""

from __future__ import annotations

from listening.models import Radio
from media.choices import CoverKind
from media.covers.ids import CoverId
from navidrome_lib.viewer import Viewer


def is_station(viewer: Viewer, wanted: CoverId) -> bool:
    """Whether an id is of a radio station, which all people of the server see."""
    return wanted.kind is CoverKind.RADIO and viewer.is_active and Radio.objects.filter(pk=wanted.item).exists()
