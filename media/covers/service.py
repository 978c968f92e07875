"""The cover of a thing: found, made in the size that is asked for, and kept."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError

from libraries.audio.pictures import image_type
from media.choices import CoverKind
from media.covers.ids import CoverId, parse_cover_id
from media.covers.mosaics import mosaic_albums, mosaic_digest, opened
from media.covers.sources import Found, those_there
from media.covers.subjects import Subject, is_station, subjects
from media.errors import PicturesBusy, StorageAway
from media.external.answers import want_picture
from media.images.jobs import MAX_EDGE, MAX_PICTURES, Job, Made
from media.images.pool import ImageProblem, ImagesBusy, images
from media.limits import MediaLimits
from media.models import Cover
from media.opening import OFFLINE, SILENT, is_root_there
from media.uploads.store import open_picture
from navidrome_lib.errors import NotFound
from navidrome_lib.file_cache import FileCache, file_cache
from navidrome_lib.limits import limits_of
from navidrome_lib.viewer import Viewer

logger = logging.getLogger(__name__)

NO_COVER: Final = "There is nothing with this cover."
# the key of a thing of which no picture was found
NOWHERE: Final = "-"
_REMEMBERED: Final = 20_000


@dataclass(frozen=True)
class Wish:
    """How a cover is to be: its longest edge in pixels (0: as it is), square, as WebP or as JPEG."""

    edge: int = 0
    square: bool = False
    webp: bool = False

    def job(self, **more: Any) -> Job:
        """The job for an image process."""
        return Job(
            edge=min(self.edge, MAX_EDGE),
            square=self.square,
            webp=self.webp,
            quality=settings.CONF.media.cover_art_quality,
            **more,
        )

    def name(self, digest: str) -> str:
        """The name of such a picture in the cache, and its validator."""
        marks = f"{'s' if self.square else ''}{'w' if self.webp else ''}"
        return f"{digest}-{self.edge}{marks}-{settings.CONF.media.cover_art_quality}"


@dataclass(frozen=True)
class ShownCover:
    """A picture to send. `is_fixed`: its id names it, so that it never changes. `is_drawn`: nothing was found."""

    data: bytes
    media_type: str
    etag: str
    is_fixed: bool = False
    is_drawn: bool = False


class _Looks:
    """When this process last looked for the picture of a thing."""

    def __init__(self) -> None:
        self._at: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def is_fresh(self, subject: Subject, seconds: float) -> bool:
        at = self._at.get((subject.kind, subject.item, subject.part))
        return at is not None and time.monotonic() - at < seconds

    def note(self, subject: Subject) -> None:
        with self._lock:
            self._at[subject.kind, subject.item, subject.part] = time.monotonic()
            if len(self._at) > _REMEMBERED:
                self._at.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._at.clear()


looks = _Looks()


def image_cache() -> FileCache:
    """The cache of pictures of this server."""
    return file_cache(settings.CACHE_FOLDER / "images", settings.CONF.media.image_cache_size)


def show_cover(viewer: Viewer, text: str, wish: Wish) -> ShownCover:
    """The cover with that id, or a placeholder; `NotFound` where there is nothing that the viewer may know of."""
    wanted = parse_cover_id(text)
    if wanted is None:
        raise NotFound(NO_COVER)
    try:
        return _given_or_found(viewer, wanted, wish)
    except ImagesBusy:
        raise PicturesBusy(retry_after=1) from None


def _given_or_found(viewer: Viewer, wanted: CoverId, wish: Wish) -> ShownCover:
    found = subjects(viewer, wanted)
    if found:
        kind = found[0].kind
        given = _given(kind, wanted, wish) if kind is CoverKind.ARTIST else None
        shown = given or _first_shown(found, wish, wanted.digest)
        if shown is None and kind in (CoverKind.ALBUM, CoverKind.DISC):
            want_picture(found[0].item)
        return shown or placeholder(str(kind), wish)
    albums = mosaic_albums(viewer, wanted)
    if albums is not None:
        kind = CoverKind.PLAYLIST
        return _given(kind, wanted, wish) or _mosaic(albums, wish, wanted.digest) or placeholder(kind, wish)
    if is_station(viewer, wanted):
        return _given(CoverKind.RADIO, wanted, wish) or placeholder(CoverKind.RADIO, wish)
    raise NotFound(NO_COVER)


def _given(kind: CoverKind, wanted: CoverId, wish: Wish) -> ShownCover | None:
    """The picture that a person gave to a thing that the viewer may know of; None without one."""
    row = Cover.objects.filter(kind=str(kind), item_id=wanted.item, part="").exclude(digest="").first()
    if row is None:
        return None
    name = wish.name(row.digest)
    data = image_cache().get(name)
    if data is None:
        fd = open_picture(row.source_key)
        if fd is None:
            return None
        try:
            data = images.make(wish.job(pictures=("",)), [fd]).data
        except ImagesBusy:
            raise
        except ImageProblem as problem:
            logger.warning("The picture of a thing cannot be shown: %s", problem)
            return None
        finally:
            os.close(fd)
        image_cache().put(name, data)
    return ShownCover(data, _type_of(data), name, is_fixed=row.digest == wanted.digest)


def _first_shown(found: list[Subject], wish: Wish, digest: str) -> ShownCover | None:
    for subject in found:
        with contextlib.suppress(StorageAway):
            shown = _shown(subject, wish, digest)
            if shown is not None:
                return shown
    return None


def _mosaic(albums: list[Subject], wish: Wish, digest: str) -> ShownCover | None:
    """The pictures of up to four albums in a square; of a single one its own; None without any."""
    pictures: dict[str, Subject] = {}
    for album in albums:
        with contextlib.suppress(StorageAway):
            row = _current(album, wish, digest)[0]
            if row.digest:
                pictures.setdefault(row.digest, album)
        if len(pictures) == MAX_PICTURES:
            break
    if len(pictures) < 2:
        return _first_shown(list(pictures.values()), wish, digest)
    name = mosaic_digest(list(pictures))
    data = image_cache().get(wish.name(name))
    if data is None:
        with opened(list(pictures.values())) as files:
            if len(files) < 2:
                return None
            job = wish.job(pictures=tuple(file.place.suffix for file in files))
            try:
                data = images.make(job, [file.fd for file in files]).data
            except ImagesBusy:
                raise
            except ImageProblem as problem:
                logger.info("A mosaic cannot be made: %s", problem)
                return None
            if len(files) == len(pictures):
                image_cache().put(wish.name(name), data)
    return ShownCover(data, _type_of(data), wish.name(name), is_fixed=name == digest)


def show_avatar(wish: Wish) -> ShownCover:
    """The picture of a person, which is the same for all: it tells of no account whether it exists."""
    try:
        return placeholder(CoverKind.ARTIST, wish)
    except ImagesBusy:
        raise PicturesBusy(retry_after=1) from None


def placeholder(kind: str, wish: Wish) -> ShownCover:
    """A drawn picture."""
    name = wish.name(f"drawn{kind}")
    data = image_cache().get(name)
    if data is None:
        data = images.make(wish.job(placeholder=kind)).data
        image_cache().put(name, data)
    return ShownCover(data, _type_of(data), name, is_drawn=True)


def known_cover(subject: Subject) -> Cover | None:
    """The row of a thing, None before anybody has looked."""
    return Cover.objects.filter(kind=subject.kind, item_id=subject.item, part=subject.part).first()


def look_for(subject: Subject, wish: Wish, row: Cover | None) -> tuple[Cover, Made | None]:
    """Look where the picture of a thing is now; what was made of it, where it is another than `row` knows.

    `StorageAway` when the storage cannot tell; then nothing is concluded.
    """
    places = those_there(subject.places())
    with storage_of(subject):
        first = next(places, None)
        if first is None and not is_root_there(subject.library.path):
            raise StorageAway(OFFLINE.format(name=subject.library.name))
        key = first.key if first is not None else NOWHERE
        if row is not None and row.source_key == key:
            if first is not None:
                os.close(first.fd)
            looks.note(subject)
            return row, None
        made = _make_first(wish, first, places)
    looks.note(subject)
    return _write(subject, key, made), made


@contextlib.contextmanager
def storage_of(subject: Subject) -> Iterator[None]:
    """Storage that does not answer is away."""
    try:
        yield
    except TimeoutError:
        raise StorageAway(SILENT.format(name=subject.library.name)) from None


def _current(subject: Subject, wish: Wish, digest: str) -> tuple[Cover, Made | None]:
    """What is known of a picture, after a look where one is due; what was made of it, where it is another now."""
    row, made = known_cover(subject), None
    limits = limits_of(MediaLimits)
    is_named = row is not None and row.digest == digest != ""
    if row is None or not looks.is_fresh(subject, limits.known_cover_seconds if is_named else limits.cover_seconds):
        try:
            row, made = look_for(subject, wish, row)
        except StorageAway:
            if row is None:
                raise
    return row, made


def _shown(subject: Subject, wish: Wish, digest: str) -> ShownCover | None:
    row, made = _current(subject, wish, digest)
    if not row.digest:
        return None
    data = made.data if made is not None else _kept_or_made(subject, wish, row.digest)
    if data is None:
        return None
    return ShownCover(data, _type_of(data), wish.name(row.digest), is_fixed=row.digest == digest)


def _kept_or_made(subject: Subject, wish: Wish, digest: str) -> bytes | None:
    data = image_cache().get(wish.name(digest))
    if data is not None:
        return data
    places = those_there(subject.places())
    with storage_of(subject):
        made = _make_first(wish, next(places, None), places)
    # another picture than the row knows: the next look finds it, and until then none is better than a wrong one
    return made.data if made is not None and made.digest == digest else None


def _make_first(wish: Wish, first: Found | None, others: Iterator[Found]) -> Made | None:
    """The picture of the first file that can be decoded, kept in the cache."""
    found, tried = first, 0
    while found is not None and tried < limits_of(MediaLimits).tried_pictures:
        try:
            made = images.make(wish.job(pictures=(found.place.suffix,)), [found.fd])
        except ImagesBusy:
            raise
        except ImageProblem as problem:
            logger.info("A picture cannot be shown: %s: %s", os.fsdecode(found.place.path), problem)
        else:
            if wish.edge or len(made.data) <= limits_of(MediaLimits).kept_original_bytes:
                image_cache().put(wish.name(made.digest), made.data)
            return made
        finally:
            os.close(found.fd)
        tried += 1
        found = next(others, None)
    return None


def _write(subject: Subject, key: str, made: Made | None) -> Cover:
    facts = {"source_key": key, **Cover.facts_of(made)}
    identity: dict[str, Any] = {"kind": str(subject.kind), "item_id": subject.item, "part": subject.part}
    try:
        return Cover.objects.update_or_create(**identity, defaults=facts)[0]
    except DatabaseError:  # a picture can be shown without being noted
        logger.warning("A cover could not be noted.", exc_info=True)
        return Cover(**identity, **facts)


def _type_of(data: bytes) -> str:
    return image_type(data[:16]) or "application/octet-stream"
