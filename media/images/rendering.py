"""Decoding, mosaics and resizing by Pillow; in an image process only."""

from __future__ import annotations

import hashlib
import io
from typing import Final

from PIL import Image, ImageOps

from media.images.drawing import draw_placeholder
from media.images.jobs import JPEG, MAX_EDGE, MAX_PIXELS, PNG, SHOWN, WEBP, Job, Made
from media.images.thumbhash import thumb_hash

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_TILE: Final = 600
_SAMPLE: Final = 32

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class NoPicture(Exception):
    """There is no picture, or none that can be shown."""


def make(job: Job, pictures: list[bytes]) -> Made:
    """The picture that a job asks for, of the bytes of its pictures; `NoPicture` when they are none."""
    if not pictures:
        return _finish(job, draw_placeholder(job.placeholder), None)
    if len(pictures) == 1:
        image, size = _decode(pictures[0], _wanted_edge(job))
        return _finish(job, image, pictures[0], size=size)
    return _finish(job, _mosaic(pictures), None, digest=_digest(b"".join(map(_raw_digest, pictures))))


def _finish(
    job: Job, image: Image.Image, original: bytes | None, *, size: tuple[int, int] | None = None, digest: str = ""
) -> Made:
    width, height = size or image.size
    sample = image.convert("RGBA")
    sample.thumbnail((_SAMPLE, _SAMPLE), Image.Resampling.BOX)
    raw = sample.tobytes()
    pixels = list(zip(raw[0::4], raw[1::4], raw[2::4], raw[3::4], strict=True))
    data, media_type = _data(job, image, original, (width, height))
    return Made(
        data=data,
        media_type=media_type,
        digest=digest or _digest(original if original is not None else data),
        width=width,
        height=height,
        thumb_hash=thumb_hash(*sample.size, pixels),
        color=_dominant(sample),
    )


def _data(job: Job, image: Image.Image, original: bytes | None, size: tuple[int, int]) -> tuple[bytes, str]:
    is_square = size[0] == size[1] or not job.square
    fits = not job.edge or max(size) <= job.edge
    if original is not None and not job.is_new and fits and is_square and (shown := _shown_type(original)):
        return original, shown
    edge = min(job.edge or MAX_EDGE, MAX_EDGE)
    image.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if not is_square:
        side = max(image.size)
        image = ImageOps.pad(image.convert("RGBA"), (side, side), color=(0, 0, 0, 0))
    return encode(image, webp=job.webp, quality=job.quality)


def encode(image: Image.Image, *, webp: bool, quality: int) -> tuple[bytes, str]:
    """The bytes of an image and their type: WebP on wish, else JPEG, or PNG where something shows through."""
    sink = io.BytesIO()
    has_alpha = image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)
    if webp:
        image.save(sink, "WEBP", quality=quality, method=2)
        return sink.getvalue(), WEBP
    if has_alpha:
        image.save(sink, "PNG")
        return sink.getvalue(), PNG
    image.convert("RGB").save(sink, "JPEG", quality=quality, progressive=True)
    return sink.getvalue(), JPEG


def _wanted_edge(job: Job) -> int:
    return job.edge or MAX_EDGE


def _decode(data: bytes, edge: int) -> tuple[Image.Image, tuple[int, int]]:
    """The first image of a file, upright, as RGB or RGBA, and its size; a JPEG is decoded no larger than needed."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as file:
            if file.width * file.height > MAX_PIXELS:
                raise NoPicture("the picture has too many pixels")
            size = file.size
            file.draft("RGB", (edge, edge))
            upright = ImageOps.exif_transpose(file)
            turned = (upright.width > upright.height) != (file.width > file.height)
            image = upright.convert("RGBA" if _has_alpha(upright) else "RGB")
    except NoPicture:
        raise
    except Exception as error:  # whatever a decoder says of a damaged or hostile file
        raise NoPicture(str(error)) from error
    return image, size[::-1] if turned else size


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def _mosaic(pictures: list[bytes]) -> Image.Image:
    """Four pictures in a square; of two or three some stand twice."""
    tiles = []
    for data in pictures:
        image, _ = _decode(data, _TILE)
        tiles.append(ImageOps.fit(image.convert("RGB"), (_TILE // 2, _TILE // 2)))
    order = (0, 1, 1, 0) if len(tiles) == 2 else (0, 1, 2, 0) if len(tiles) == 3 else (0, 1, 2, 3)
    found = Image.new("RGB", (_TILE, _TILE))
    for place, number in enumerate(order):
        found.paste(tiles[number], (place % 2 * _TILE // 2, place // 2 * _TILE // 2))
    return found


def _dominant(sample: Image.Image) -> str:
    """The colour that most of a small picture has, `#rrggbb`."""
    few = sample.convert("RGB").quantize(6)
    counts = few.getcolors() or []
    palette = few.getpalette() or [0, 0, 0]
    _, index = max(counts, key=lambda item: item[0])
    assert isinstance(index, int)
    return "#{:02x}{:02x}{:02x}".format(*palette[3 * index : 3 * index + 3])


def _shown_type(data: bytes) -> str | None:
    """The type of a picture that every client shows as it is."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as file:
        found = Image.MIME.get(file.format or "")
    return found if found in SHOWN else None


def _raw_digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=8).digest()


def _digest(data: bytes) -> str:
    return _raw_digest(data).hex()
