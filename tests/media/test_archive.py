"""ZIP archives of a known length, read by Python and by unzip."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.downloads.archive import Entry, FileChanged, archive_pieces, archive_size
from media.downloads.names import MAX_BYTES, UniqueNames, safe_name

MODIFIED = 1_700_000_000.0


def entry(name: str, content: bytes, size: int | None = None) -> Entry:
    return Entry(name, len(content) if size is None else size, MODIFIED, lambda: io.BytesIO(content))


def archive(entries: Sequence[Entry], size: int = 7) -> bytes:
    return b"".join(piece for piece in archive_pieces(entries, size) if isinstance(piece, bytes))


@given(st.dictionaries(st.from_regex(r"\A[a-zé日 ]{1,12}\Z"), st.binary(max_size=40), max_size=8), st.integers(1, 50))
def test_it_is_as_long_as_it_was_said_and_has_what_was_put_in(files: dict[str, bytes], size: int) -> None:
    entries = [entry(name, content) for name, content in files.items()]
    data = archive(entries, size)
    assert len(data) == archive_size(entries)
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == files
        assert all(info.compress_type == zipfile.ZIP_STORED for info in found.infolist())
        assert all(info.date_time == (2023, 11, 14, 22, 13, 20) for info in found.infolist())


class Slow:
    """A file that is made while it is read: nothing is there each second time."""

    def __init__(self, content: bytes) -> None:
        self.file = io.BytesIO(content)
        self.asked = 0

    def read(self, size: int) -> bytes | None:
        self.asked += 1
        return self.file.read(size) if self.asked % 2 else None

    def close(self) -> None:
        self.file.close()


def test_files_of_unknown_length_are_waited_for() -> None:
    slow = Slow(b"made meanwhile")
    entries = [entry("a", b"first"), Entry("b", None, MODIFIED, lambda: slow), entry("c", b"last")]
    assert archive_size(entries) is None
    pieces = list(archive_pieces(entries, 5))
    assert pieces.count(slow) == 3  # three pieces of content and the end; before each but the first there was nothing
    with zipfile.ZipFile(io.BytesIO(b"".join(piece for piece in pieces if isinstance(piece, bytes)))) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == {
            "a": b"first", "b": b"made meanwhile", "c": b"last"
        }  # fmt: skip
    assert slow.file.closed


@pytest.mark.skipif(shutil.which("unzip") is None, reason="no unzip")
def test_unzip_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(archive([entry("Été/01 – 日本.mp3", b"music"), entry("b.txt", b"")]))
    subprocess.run(["unzip", "-tq", "a.zip"], cwd=tmp_path, check=True)


class Zeros:
    """A file of zeros, of any size."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int) -> bytes:
        found = bytes(min(size, self.left))
        self.left -= len(found)
        return found

    def close(self) -> None:
        self.left = 0


def test_files_and_archives_above_four_gigabytes(tmp_path: Path) -> None:
    """The length of a large one is that of its pieces; what is in it is read from a file with a hole."""
    large = 2**32 + 5
    entries = [
        entry("first", b"a"), Entry("large", large, MODIFIED, lambda: Zeros(large)), entry("last", b"b" * 10),
    ]  # fmt: skip
    path = tmp_path / "large.zip"
    with path.open("wb") as out:
        for piece in archive_pieces(entries, 64 * 1024 * 1024):
            assert isinstance(piece, bytes)
            if piece.count(0) == len(piece) > 1000:
                out.seek(len(piece), io.SEEK_CUR)
            else:
                out.write(piece)
    assert path.stat().st_size == archive_size(entries)
    with zipfile.ZipFile(path) as found:
        assert [(info.filename, info.file_size) for info in found.infolist()] == [
            ("first", 1), ("large", large), ("last", 10)
        ]  # fmt: skip
        assert (found.read("first"), found.read("last")) == (b"a", b"b" * 10)


def test_more_files_than_two_bytes_can_count() -> None:
    entries = [entry(f"{number}", b"") for number in range(65_536)]
    data = archive(entries, 1000)
    assert len(data) == archive_size(entries)
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert len(found.namelist()) == 65_536


@pytest.mark.parametrize("size", [4, 6])
def test_a_file_of_another_length_ends_the_archive(size: int) -> None:
    with pytest.raises(FileChanged):
        archive([entry("a", b"12345", size)])


@pytest.mark.parametrize(
    ("text", "suffix", "expected"),
    [
        ("Song", "mp3", "Song.mp3"),
        ('AC/DC: "Back\\in" <Black>?*|', "flac", "AC_DC_ _Back_in_ _Black____.flac"),
        ("..", "", "_"),
        ("../../etc/passwd", "", ".._.._etc_passwd"),
        ("Ends with dots...", "", "Ends with dots"),
        (" space ", "", "space"),
        ("", "mp3", "_.mp3"),
        ("con", "mp3", "_con.mp3"),
        ("LPT1", "", "_LPT1"),
        ("Console", "", "Console"),
        ("right\u202eto left", "", "right_to left"),
        ("a\r\nb\0", "", "a__b_"),
        ("E\u0301te\u0301", "", "Été"),
    ],
)
def test_names(text: str, suffix: str, expected: str) -> None:
    assert safe_name(text, suffix) == expected


@given(st.text(max_size=300), st.sampled_from(["", "mp3"]))
def test_no_name_is_too_long_or_leads_anywhere(text: str, suffix: str) -> None:
    name = safe_name(text, suffix)
    assert 0 < len(name.encode()) <= MAX_BYTES + 1
    assert "/" not in name
    assert name not in (".", "..")


def test_each_name_stands_once() -> None:
    names = UniqueNames()
    taken = [names.take(path) for path in ("a.mp3", "A.mp3", "a.mp3", "b/a.mp3", "c.d/e", "c.d/e")]
    assert taken == ["a.mp3", "A (2).mp3", "a (3).mp3", "b/a.mp3", "c.d/e", "c.d/e (2)"]
