"""Files that are broken in every way: each costs exactly itself, and its neighbours are all there."""

from __future__ import annotations

import dataclasses
import os
import random
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from libraries.choices import ProblemKind
from libraries.models import Library, MediaFile, Scan, ScanProblem
from synth.files import FORMATS, track_bytes
from synth.tones import Tone
from synth.track import Track
from tests.hazards import at_most
from tests.hazards.database import another_database
from tests.hazards.files import RememberingPool, put, song
from tests.support import audio
from tests.support.scans import counts, picture, scan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

SEED = 1877
KINDS = set(ProblemKind)
AWKWARD = os.environ.get("ND_HAZARD_FILES", "")
"""A folder of files that others found awkward, such as the test data of a tag library's source distribution."""


@pytest.fixture(autouse=True)
def impatient(settings: Settings) -> None:
    """The endless file costs three seconds, not ten."""
    settings.CONF = dataclasses.replace(
        settings.CONF, scanner=dataclasses.replace(settings.CONF.scanner, file_timeout=3)
    )


def originals() -> dict[str, tuple[str, bytes]]:
    """A good file of every format: name → suffix, content."""
    found = {}
    for name, form in FORMATS.items():
        rate = min(form.rates or (8000,))
        track = Track(
            title=f"Title {name}", artists=("Ann", "Bob"), album="Album", track_number=3, track_total=9, date="1999",
            genres=("Rock", "Jazz"), track_gain=-6.5, track_peak=0.9, comment="ü" * 20,
            tone=Tone(0.1, 300, rate, 1, 32),
        )  # fmt: skip
        found[name] = (form.suffix, track_bytes(track, name))
    return found


def truncated() -> Iterator[tuple[str, bytes]]:
    for name, (suffix, data) in originals().items():
        cuts = at_most(12, 300)
        for number in range(cuts):
            # close together at the beginning, where the headers are
            at = int(len(data) * (number / cuts) ** 2) + number
            yield f"truncated/{name} {at}.{suffix}", data[:at]


def pretending() -> Iterator[tuple[str, bytes]]:
    """Nothing, noise, and content under the suffix of another kind."""
    dice = random.Random(SEED)
    files = originals()
    for name, (suffix, _) in files.items():
        yield f"empty/{name}.{suffix}", b""
        yield f"noise/{name}.{suffix}", dice.randbytes(5000)
        yield f"zeros/{name}.{suffix}", bytes(5000)
        yield f"text/{name}.{suffix}", b"just a text\n" * 50
        yield f"picture/{name}.{suffix}", audio.PNG + bytes(5000)
        for other, (_, data) in files.items():
            if dice.random() < 0.3:
                yield f"pretending/{other} as {name}.{suffix}", data


def vorbis_comments(*comments: bytes) -> bytes:
    """A FLAC file with these comments, whatever they hold."""
    block = struct.pack("<I", 4) + b"test" + struct.pack("<I", len(comments))
    block += b"".join(struct.pack("<I", len(comment)) + comment for comment in comments)
    info = audio.flac_info()
    head = b"fLaC\x00" + len(info).to_bytes(3, "big") + info
    return head + b"\x84" + len(block).to_bytes(3, "big") + block + b"\xff\xf8" + bytes(range(256)) * 8


def tagged(*items: bytes) -> bytes:
    """An MP4 file with these items in its list of tags."""
    ilst = audio.atom(b"ilst", *items)
    hdlr = audio.atom(b"hdlr", bytes(8), b"mdirappl", bytes(9))
    udta = audio.atom(b"udta", audio.atom(b"meta", bytes(4), hdlr, ilst))
    head = audio.mp4()
    at = head.index(b"moov") - 4
    size = int.from_bytes(head[at : at + 4], "big")
    moov = (size + len(udta)).to_bytes(4, "big") + head[at + 4 : at + size] + udta
    return head[:at] + moov + head[at + size :]


def item(name: bytes, data: bytes, kind: int = 1) -> bytes:
    return audio.atom(name, audio.atom(b"data", struct.pack(">II", kind, 0), data))


def monstrous() -> Iterator[tuple[str, bytes]]:
    """Values and structures that no sane program writes."""
    picture_ = b"\0image/jpeg\0\x03\0" + audio.JPEG + bytes(50 << 20)
    yield (
        "big/picture.mp3",
        audio.id3_tag(*title("Big picture"), audio.id3_frame(b"APIC", picture_)) + audio.mp3(),
    )
    yield "big/cover.m4a", tagged(item(b"\xa9nam", b"Big cover"), item(b"covr", audio.JPEG + bytes(50 << 20), 13))
    machine = zlib.compressobj(9)
    packed = b"".join(machine.compress(bytes(1 << 20)) for _ in range(700)) + machine.flush()
    for name in (b"TIT2", b"APIC", b"COMM"):
        frame = audio.id3_frame(name, struct.pack(">I", 700 << 20) + packed, flags=0x80)
        yield f"big/bomb {name.decode()}.mp3", audio.id3_tag(frame) + audio.mp3()
    yield "endless/packet.mpc", audio.musepack_endless()
    texts = ("NUL \0 inside", "lone \ud800 surrogate", "\udfff", "\ufeffmark", "\x01\x1b[31m", "\u202ereversed", "￿￾")
    for number, text in enumerate(texts):
        yield f"texts/{number}.mp3", song(text, TALB=text, TPE1=text, TCON=text, TCOM=text)
        raw = text.encode("utf-8", "surrogatepass")
        yield f"texts/{number}.flac", vorbis_comments(b"TITLE=" + raw, b"ARTIST=" + raw, b"GENRE=" + raw, raw + b"=x")
        yield f"texts/{number}.m4a", tagged(item(b"\xa9nam", raw), item(b"\xa9ART", raw))
    yield "texts/long.flac", vorbis_comments(b"TITLE=" + b"x" * 3_000_000, b"ARTIST=" + b"y" * 70_000)
    yield "texts/many.flac", vorbis_comments(*[b"ARTIST=Artist %d" % n for n in range(3000)])
    yield "texts/invalid.flac", vorbis_comments(b"TITLE=\xff\xfe\x80", b"\xff=\xff", b"=", b"no equals sign", b"")
    numbers = ("9" * 30, "-1", "0", str(2**31), str(2**63), str(2**64), "1e999", "nan", "3/" + "8" * 40, "٣", "")
    for number, text in enumerate(numbers):
        gain = audio.id3_frame(b"TXXX", b"\0REPLAYGAIN_TRACK_GAIN\0" + text.encode("ascii", "replace") + b" dB")
        frames = [audio.id3_frame(name, b"\x03" + text.encode()) for name in (b"TRCK", b"TPOS", b"TBPM", b"TYER")]
        yield f"numbers/{number}.mp3", audio.id3_tag(*title(f"Number {number}"), *frames, gain) + audio.mp3()
        names = (b"TRACKNUMBER", b"DISCNUMBER", b"DATE", b"BPM", b"REPLAYGAIN_TRACK_PEAK", b"REPLAYGAIN_ALBUM_GAIN",
                 b"R128_TRACK_GAIN", b"COMPILATION")  # fmt: skip
        yield f"numbers/{number}.flac", vorbis_comments(*[name + b"=" + text.encode() for name in names])
    yield (
        "numbers/wide.m4a",
        tagged(item(b"trkn", b"\xff" * 8, 0), item(b"tmpo", b"\xff" * 40, 21), item(b"cpil", b"", 21)),
    )


def title(text: str) -> tuple[bytes, ...]:
    return (audio.id3_frame(b"TIT2", b"\0" + text.encode()),)


def mutated(count: int) -> Iterator[tuple[str, bytes]]:
    """Files with one changed byte, most of them in the first few hundred, where what matters stands."""
    dice = random.Random(SEED + 1)
    files = [(name, suffix, data[:6000]) for name, (suffix, data) in originals().items()]
    for number in range(count):
        name, suffix, data = dice.choice(files)
        changed = bytearray(data)
        changed[dice.randrange(min(len(data), 400 if number % 3 else 6000))] = dice.randrange(256)
        yield f"mutated/{number // 500}/{number} {name}.{suffix}", bytes(changed)


def awkward() -> Iterator[tuple[str, bytes]]:
    if AWKWARD:
        for path in sorted(Path(AWKWARD).rglob("*")):
            if path.is_file():
                yield f"awkward/{path.name}", path.read_bytes()


def spread(root: Path, files: Iterator[tuple[str, bytes]]) -> list[str]:
    """Write the files, with a good neighbour in every folder."""
    paths = []
    for path, data in files:
        put(root / path, data)
        paths.append(path)
    for folder in sorted({Path(path).parent for path in paths}):
        put(root / folder / "zz good neighbour.mp3", song(f"Neighbour {folder}"))
    return paths


def check(done: Scan, library: Library, root: Path) -> None:
    """Every file has exactly one outcome, and every neighbour is there."""
    assert done.state == "finished", done.error
    problems = dict(ScanProblem.objects.unresolved().values_list("path", "kind"))
    assert set(problems.values()) <= KINDS
    tracks = set(MediaFile.objects.present().values_list("path", flat=True))
    assert not tracks & problems.keys()
    assert len(tracks) + len(problems) == done.files_total == done.seen
    neighbours = MediaFile.objects.present().filter(path__endswith="zz good neighbour.mp3")
    found = {(path, name) for path, name in neighbours.values_list("path", "title")}
    folders = {path.parent.relative_to(root) for path in root.rglob("zz good neighbour.mp3")}
    assert found == {(f"{folder}/zz good neighbour.mp3", f"Neighbour {folder}") for folder in folders}


def by_name(seen: dict[str, Any]) -> dict[str, Any]:
    """A picture in an order that no collation decides."""
    return seen | {"tracks": sorted(seen["tracks"], key=lambda row: (row["folder"], row["name_bytes"]))}


def test_ten_thousand_mutations(tmp_path: Path) -> None:
    root = tmp_path / "music"
    spread(root, mutated(at_most(10_000, 100_000)))
    library = Library.objects.create(name="Mutations", path=str(root))
    started = time.monotonic()
    done = scan(library)
    took = time.monotonic() - started
    check(done, library, root)
    assert done.added > 6000
    # the storage is well: whatever is wrong is wrong with the files, and is not looked at again and again
    assert not ScanProblem.objects.filter(kind__in=["io", "permission", "timeout"]).exists()
    again = scan(library)
    assert counts(again) == {"skipped": done.added, "failed": done.failed}
    assert took < 300


def test_the_battery(tmp_path: Path, quick_reading: RememberingPool, settings: Settings, new_database: Path) -> None:
    root = tmp_path / "music"
    for files in (truncated(), pretending(), monstrous(), mutated(300), awkward()):
        spread(root, files)
    library = Library.objects.create(name="Battery", path=str(root))
    done = scan(library)
    check(done, library, root)
    kinds = dict(ScanProblem.objects.unresolved().values_list("path", "kind"))
    assert {kind for path, kind in kinds.items() if path.startswith("empty/")} == {"empty"}
    assert kinds["endless/packet.mpc"] == "timeout"
    assert not [path for path in kinds if path.startswith(("texts/", "numbers/"))]
    bombs = {path: kind for path, kind in kinds.items() if "bomb" in path}
    assert set(bombs.values()) <= {"memory"}, bombs
    big = MediaFile.objects.get(path="big/picture.mp3")
    assert (big.title, big.has_picture) == ("Big picture", True)
    assert MediaFile.objects.get(path="big/cover.m4a").title == "Big cover"
    again = scan(library)
    assert counts(again) == {"skipped": done.added, "failed": done.failed}
    seen = by_name(picture(library))
    # a full scan reads all anew, and finds the same
    assert not counts(scan(library, full=True)).keys() & {"added", "moved", "restored", "missing"}
    assert by_name(picture(library)) == seen
    with another_database(tmp_path, new_database):
        elsewhere = Library.objects.create(name="Battery", path=str(root))
        check(scan(elsewhere), elsewhere, root)
        assert by_name(picture(elsewhere)) == seen
