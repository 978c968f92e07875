"""Bodies that are refused before they are read: too long, of unknown length, or with a file in them."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from navidrome_lib.security.uploads import MOST_BYTES_OF_PICTURES, longest_body

LIMIT = 1024 * 1024
ADDRESSES = ["/auth/login", "/auth/createAdmin", "/rest/ping", "/admin/login/", "/api/user", "/api/keepalive/", "/"]
BOUNDARY = "frontier"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


class Untouched(io.RawIOBase):
    """A body that must not be read."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise AssertionError("the body was read")


def form(*parts: tuple[str, bytes]) -> bytes:
    """A multipart body of headers and contents."""
    pieces = [
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + body + b"\r\n"
        for head, body in parts
    ]
    return b"".join([*pieces, f"--{BOUNDARY}--\r\n".encode()])


def send(url: str, stream: Any, length: int | str, content_type: str = "application/json") -> Any:
    extra = {"wsgi.input": stream, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": content_type}
    return Client(raise_request_exception=True).generic("POST", url, **extra)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", TYPE])
def test_a_declared_length_above_the_limit_is_413_before_a_byte_is_read(content_type: str) -> None:
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == LIMIT
    for url in ADDRESSES:
        for length in (LIMIT + 1, 10**15):
            answer = send(url, Untouched(), length, content_type)
            assert answer.status_code == 413, url
            assert b"at most 1,048,576 bytes" in answer.content
    assert send("/api/login", Untouched(), LIMIT + 1).json() == {
        "error": "The request body is too large: at most 1,048,576 bytes are read. Nothing was changed."
    }


@pytest.mark.parametrize(
    ("path", "is_longer"),
    [
        ("/api/playlist/abc/image", True), ("/music/api/artist/abc/image/", True), ("/api/radio/x/image", True),
        ("/api/playlist/abc", False), ("/api/song/abc/image", False), ("/api/playlist/image", False),
        ("/api/playlist/a/b/image", False), ("/api/playlist/abc/image/x", False), ("/", False),
    ],
)  # fmt: skip
def test_only_pictures_may_be_longer(path: str, is_longer: bool) -> None:
    assert longest_body(path) == (MOST_BYTES_OF_PICTURES if is_longer else LIMIT)


@pytest.mark.django_db
@pytest.mark.alike
@pytest.mark.parametrize("length", ["", "-5", "many"])
def test_a_length_that_is_none_reads_nothing(length: str) -> None:
    assert send("/auth/login", Untouched(), length).status_code in (400, 422)


@pytest.mark.django_db
@pytest.mark.alike
def test_a_body_that_goes_on_ends_at_its_declared_length() -> None:
    stream = io.BytesIO(b'{"username": "a"}' + b" " * 4 * LIMIT)
    assert send("/auth/login", stream, 17).status_code == 422
    assert stream.tell() <= 64 * 1024


@pytest.mark.django_db
@pytest.mark.alike
@pytest.mark.parametrize("url", ["/admin/login/", "/rest/ping"])
def test_a_form_with_a_file_is_refused_and_written_nowhere(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made: list[object] = []
    for name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, lambda *args, **kwargs: made.append(args))
    body = form(('name="f"; filename="song.mp3"', b"x" * (LIMIT - 500)), ('name="u"', b"ada"))
    assert len(body) < LIMIT
    answer = send(url, io.BytesIO(body), len(body), TYPE)
    assert (answer.status_code, b"could not be read" in answer.content) == (
        (200, True) if url.startswith("/rest") else (400, False)
    )
    assert not made
    assert not list(tmp_path.iterdir())


@pytest.mark.django_db
@pytest.mark.alike
def test_a_form_without_a_file_is_read_in_either_notation() -> None:
    fields = {"u": "nobody", "p": "wrong", "v": "1.16.1", "c": "test", "f": "json"}
    for form_format in ("multipart", None):
        more: dict[str, Any] = {"format": form_format} if form_format else {}
        body = fields if form_format else "&".join(f"{name}={value}" for name, value in fields.items())
        if not form_format:
            more = {"content_type": "application/x-www-form-urlencoded"}
        answer = APIClient().post("/rest/ping", body, **more)
        assert answer.json()["subsonic-response"]["error"]["code"] == 40
