"""Image processes: they make pictures, and no file of a stranger harms or holds the server."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from media.images.jobs import JPEG, PNG, WEBP, Job, Made
from media.images.pool import ImagePool, ImageProblem, ImagesBusy
from synth import Track, make_cover, make_png, track_bytes
from tests.support.audio import JPEG as NOT_QUITE_JPEG
from tests.support.waiting import all_end


@pytest.fixture(scope="module")
def pool() -> Iterator[ImagePool]:
    found = ImagePool(1, seconds=10, waiting=1)
    yield found
    found.close()


@pytest.fixture
def make(pool: ImagePool, tmp_path: Path) -> Make:
    return Make(pool, tmp_path)


class Make:
    """Makes pictures of bytes."""

    def __init__(self, pool: ImagePool, folder: Path) -> None:
        self.pool = pool
        self.folder = folder

    def __call__(self, *pictures: bytes, suffix: str = "", **wish: object) -> Made:
        files = []
        for number, data in enumerate(pictures):
            path = self.folder / str(number)
            path.write_bytes(data)
            files.append(path.open("rb"))
        job = Job(pictures=tuple(suffix for _ in pictures), **wish)  # type: ignore[arg-type]
        try:
            return self.pool.make(job, [file.fileno() for file in files])
        finally:
            for file in files:
                file.close()


def picture(mode: str = "RGB", size: tuple[int, int] = (600, 400), form: str = "PNG", **options: object) -> bytes:
    sink = io.BytesIO()
    colour: object = {"RGB": (200, 40, 40), "RGBA": (200, 40, 40, 90), "CMYK": (0, 200, 200, 40)}.get(mode, 120)
    Image.new(mode, size, colour).save(sink, form, **options)  # type: ignore[arg-type]
    return sink.getvalue()


def seen(made: Made) -> Image.Image:
    return Image.open(io.BytesIO(made.data))


def test_a_picture_is_made_smaller_and_never_larger(make: Make) -> None:
    png = picture()
    small = make(png, edge=300)
    assert (small.media_type, seen(small).size) == (JPEG, (300, 200))
    assert (small.width, small.height, len(small.digest)) == (600, 400, 16)
    assert small.color.startswith("#c")
    webp = make(png, edge=300, webp=True)
    assert (webp.media_type, seen(webp).format, webp.digest) == (WEBP, "WEBP", small.digest)
    for edge in (0, 600, 2000):
        assert make(png, edge=edge).data == png


def test_a_square_is_padded_where_it_shows_through(make: Make) -> None:
    square = make(picture(), edge=300, square=True)
    assert (square.media_type, seen(square).size) == (PNG, (300, 300))
    assert seen(square).convert("RGBA").getpixel((5, 5)) == (0, 0, 0, 0)
    assert make(picture(size=(400, 400)), edge=300, square=True).media_type == JPEG


@pytest.mark.parametrize(
    ("mode", "form"),
    [("L", "PNG"), ("1", "PNG"), ("RGBA", "PNG"), ("P", "GIF"), ("CMYK", "JPEG"), ("I;16", "PNG"), ("RGB", "BMP"),
     ("RGB", "TIFF"), ("LA", "PNG")],
)  # fmt: skip
def test_every_kind_of_pixels(make: Make, mode: str, form: str) -> None:
    for webp in (True, False):
        made = make(picture(mode, form=form), edge=100, webp=webp)
        assert max(seen(made).size) == 100
    whole = make(picture(mode, form=form))
    assert whole.media_type in (JPEG, PNG, WEBP, "image/gif"), "what no client shows is converted"


def test_a_picture_that_lies_on_its_side_is_turned(make: Make) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = make(picture(form="JPEG", exif=exif), edge=300)
    assert (seen(made).size, made.width, made.height) == ((200, 300), 400, 600)


def test_the_picture_in_audio(make: Make) -> None:
    cover = make_cover(500, (0, 120, 250))
    for form in ("mp3", "flac", "opus", "m4a"):
        made = make(track_bytes(Track(title="x", picture=cover), form), suffix=form, edge=0)
        assert made.data == cover.data
    with pytest.raises(ImageProblem, match="no picture"):
        make(track_bytes(Track(title="x"), "flac"), suffix="flac")


def test_a_mosaic_of_up_to_four(make: Make) -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)]
    tiles = [make_png(300, colour) for colour in colours]
    made = make(*tiles, edge=0)
    image = seen(made).convert("RGB")
    corners = [image.getpixel(place) for place in ((2, 2), (597, 2), (2, 310), (597, 310))]
    strongest = [tuple(part > 150 for part in corner) for corner in corners]  # type: ignore[union-attr]
    assert strongest == [tuple(part > 150 for part in colour) for colour in colours]
    assert len({make(*tiles[:number], edge=100).digest for number in (2, 3, 4)}) == 3


def test_placeholders_differ_by_what_they_are_for(make: Make) -> None:
    drawn = {make(placeholder=kind, edge=200).data for kind in ("al", "ar", "pl")}
    assert len(drawn) == 3
    assert make(placeholder="al", edge=200).data in drawn


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"no picture at all",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        NOT_QUITE_JPEG,
        picture()[:300],
        bomb(60_000, 60_000),
        bomb(2_000_000_000, 1),
        b"GIF89a" + b"\xff" * 200,
        b"RIFF\xff\xff\xff\x7fWEBPVP8 " + bytes(200),
    ],
)
def test_what_is_no_picture_is_said_to_be_none(make: Make, hostile: bytes) -> None:
    with pytest.raises(ImageProblem):
        make(hostile, edge=100)
    assert make(picture(), edge=100).width == 600, "the next one is made"


def test_a_picture_that_needs_too_much_memory_costs_only_its_process(tmp_path: Path) -> None:
    small = ImagePool(1, seconds=10, waiting=1, memory=170 * 1024 * 1024)
    make = Make(small, tmp_path)
    try:
        with pytest.raises(ImageProblem):
            make(picture("RGBA", (4500, 4500)), edge=100)
        assert make(picture(), edge=100).width == 600
    finally:
        small.close()


def test_a_picture_that_takes_too_long_costs_only_its_process(tmp_path: Path, pool: ImagePool) -> None:
    hasty = ImagePool(1, seconds=0.01, waiting=1)
    large = picture(size=(6000, 6000), form="JPEG")
    try:
        with pytest.raises(ImageProblem, match="too long"):
            Make(hasty, tmp_path)(large, edge=2000, webp=True)
    finally:
        hasty.close()
    assert Make(pool, tmp_path)(picture(), edge=100).width == 600


def test_a_process_that_is_not_used_ends(tmp_path: Path) -> None:
    quick = ImagePool(1, seconds=10, waiting=0, rest=0.1)
    try:
        for _ in range(2):
            quick.make(Job(placeholder="al", edge=10))
            (process,) = quick.pids
            assert all_end([process], seconds=10)
            assert quick.pids == []
    finally:
        quick.close()


def test_only_some_wait_for_pictures(tmp_path: Path) -> None:
    closed = ImagePool(1, seconds=5, waiting=0)
    with closed.turn(), pytest.raises(ImagesBusy):
        closed.make(Job(placeholder="al"))
    assert closed.make(Job(placeholder="al", edge=10)).width > 0
    closed.close()
