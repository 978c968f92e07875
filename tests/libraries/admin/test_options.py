"""Allowed folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from navidrome_lib.config.conf import load
from navidrome_lib.config.env import ConfigError
from navidrome_lib.config.option import masked

pytestmark = pytest.mark.alike


def test_allowed_roots_are_absolute_folders() -> None:
    assert load({}).allowed_roots == ()
    found = load({"ND_ALLOWEDROOTS": "/srv/music: /mnt/nas :"})
    assert found.allowed_roots == (Path("/srv/music"), Path("/mnt/nas"))
    assert masked(found)["allowed_roots"] == ["/srv/music", "/mnt/nas"]
    with pytest.raises(ConfigError, match="ND_ALLOWEDROOTS: must be absolute"):
        load({"ND_ALLOWEDROOTS": "/srv:music"})
