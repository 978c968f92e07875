"""Names and first bytes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from libraries.audio.formats import kinds as formats
from tests.support import audio


@pytest.mark.parametrize("suffix", sorted(formats.SUFFIX_KINDS))
def test_audio_suffixes(suffix: str) -> None:
    assert formats.is_audio(f"folder.d/Song.{suffix.upper()}")
    assert formats.is_audio(b"caf\xe9." + suffix.encode())


@pytest.mark.parametrize(
    "name", ["cover.jpg", "a.m3u", "a.cue", "a.lrc", "a", ".mp3", "a/.flac", "._song.mp3", "a.mp3/b", "a.mp3."]
)
def test_other_names(name: str) -> None:
    assert not formats.is_audio(name)
    assert not formats.is_audio(name.encode())


@pytest.mark.parametrize(
    ("maker", "kind"),
    [("mp3", "mp3"), ("aac", "aac"), ("wav", "wav"), ("flac", "flac"), ("vorbis", "vorbis"), ("opus", "opus"),
     ("speex", "speex"), ("oggflac", "oggflac"), ("mp4", "mp4"), ("aiff", "aiff"), ("dsf", "dsf"), ("asf", "asf"),
     ("monkeys", "ape"), ("wavpack", "wavpack"), ("musepack", "musepack")],
)  # fmt: skip
def test_content(maker: str, kind: str) -> None:
    data: bytes = getattr(audio, maker)()
    assert formats.sniff(data[: formats.SNIFF_BYTES]) == kind
    assert kind in formats.KINDS
    for length in range(40):
        assert formats.sniff(data[:length]) in {None, kind}


@pytest.mark.parametrize("data", [b"", b"\0" * 512, audio.PNG, audio.JPEG, b"#EXTM3U\n", b"OggS" + bytes(60)])
def test_no_audio(data: bytes) -> None:
    assert formats.sniff(data) is None


def test_the_docs_have_every_suffix() -> None:
    page = (Path(__file__).parents[3] / "docs/formats.md").read_text()
    table = re.findall(r"^\| ([a-z0-9, ]+) \|", page, re.MULTILINE)
    assert sorted(suffix for row in table[1:] for suffix in row.split(", ")) == sorted(formats.SUFFIX_KINDS)
    unread = page.partition("## Which kinds are not read?")[2].strip().partition(".")[0]
    assert re.split(r",\s", unread) == sorted(formats.UNREAD_SUFFIXES)
    assert not formats.UNREAD_SUFFIXES & set(formats.SUFFIX_KINDS)
