"""Packages that are kept out while another one is loaded."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from navidrome_lib.optional import without
from navidrome_lib.runner.services import REPOSITORY


def test_a_package_is_not_found_and_comes_back() -> None:
    import wsgiref.util  # noqa: PLC0415

    before = sys.modules["wsgiref.util"]
    with without("wsgiref"):
        for name in ("wsgiref", "wsgiref.util"):
            with pytest.raises(ModuleNotFoundError):
                importlib.import_module(name)
    assert importlib.import_module("wsgiref.util") is before
    assert wsgiref.util is before


def test_a_web_server_without_a_sign_in_has_no_encryption(tmp_path_factory: pytest.TempPathFactory) -> None:
    code = (
        "import sys, django; django.setup(); import navidrome_lib.urls; "
        "print('jwt' in sys.modules, 'cryptography.hazmat.bindings._rust' in sys.modules)"
    )
    folder = tmp_path_factory.mktemp("data")
    folder.chmod(0o700)
    environ = {
        "ND_DATAFOLDER": str(folder), "PYTHONPATH": str(REPOSITORY), "DJANGO_SETTINGS_MODULE": "navidrome_lib.settings",
    }  # fmt: skip
    said = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert said.stdout == "True False\n"
