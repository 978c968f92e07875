"""What the crawls share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from libraries.events import SLOTS


@pytest.fixture(autouse=True)
def unheard_streams_hold_no_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crawl opens streams and listens to none: as if each client went away at once."""
    take = SLOTS.take

    def gone_at_once(owner: str) -> Callable[[], None]:
        give_back = take(owner)
        give_back()
        return give_back

    monkeypatch.setattr(SLOTS, "take", gone_at_once)
