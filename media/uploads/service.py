"""Give a picture to a playlist, a radio station or an artist, and take it away again."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from functools import partial
from typing import Any, Final

from django.db import models, transaction

from libraries.models import Artist
from listening.models import Playlist, Radio
from listening.services.playlists import locked
from media.choices import CoverKind
from media.errors import PicturesBusy
from media.images.jobs import Job, Made
from media.images.pool import ImageProblem, ImagesBusy, images
from media.models import Cover
from media.uploads import store
from navidrome_lib.audit.services import record
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import InvalidInput, NotAllowed, NotFound, Unavailable
from navidrome_lib.viewer import Viewer

# of the picture that is kept: what clients ask for at most
_EDGE: Final = 1500
_QUALITY: Final = 90
NO_PICTURE: Final = "This is no picture that can be shown: JPEG, PNG, WebP, GIF, BMP and TIFF are read."
NOT_WRITTEN: Final = "The picture cannot be written: the disk of the server may be full."


def give_picture(viewer: Viewer, kind: CoverKind, pk: str, data: bytes) -> None:
    """Have a thing show a picture, which is decoded in an image process, and written again without what hides in files.

    `NotFound`, `NotAllowed`, `InvalidInput` when it is no picture.
    """
    changeable(viewer, kind, pk)
    made = _decoded(data)
    try:
        name = store.keep(made.data, made.media_type)
    except OSError:
        raise Unavailable(NOT_WRITTEN) from None
    try:
        with transaction.atomic():
            thing = changeable(viewer, kind, pk)
            forget_later(kind, [pk])
            facts = {"source_key": name, **Cover.facts_of(made)}
            Cover.objects.update_or_create(kind=str(kind), item_id=pk, part="", defaults=facts)
            _record(thing, made.digest)
    except BaseException:
        store.forget(name)
        raise


def take_picture(viewer: Viewer, kind: CoverKind, pk: str) -> None:
    """Have a thing show what it showed before it was given a picture. `NotFound`, `NotAllowed`."""
    with transaction.atomic():
        thing = changeable(viewer, kind, pk)
        forget_later(kind, [pk])
        if Cover.objects.filter(kind=str(kind), item_id=pk, part="").delete()[0]:
            _record(thing, "")


def changeable(viewer: Viewer, kind: CoverKind, pk: str) -> Any:
    """The thing whose picture the viewer may change: a playlist of their own; for admins, anything."""
    if not can_be_id(pk):
        raise NotFound
    if kind is CoverKind.PLAYLIST:
        with transaction.atomic():
            return locked(viewer, pk)
    if not viewer.is_admin:
        raise NotAllowed("Only an admin may change what all people see.")
    rows: Any = Radio.objects.all() if kind is CoverKind.RADIO else Artist.objects.visible_to(viewer)
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def forget_later(kind: CoverKind, ids: Collection[str]) -> None:
    """Delete the files of the pictures of some things when the present transaction has ended."""
    rows = Cover.objects.filter(kind=str(kind), item_id__in=ids, part="")
    for name in rows.values_list("source_key", flat=True):
        transaction.on_commit(partial(store.forget, name))


def forget_with(sender: type[models.Model], instance: Any, **_: Any) -> None:
    """Receive `post_delete` of playlists and radio stations: their pictures go with them."""
    kind = CoverKind.PLAYLIST if sender is Playlist else CoverKind.RADIO
    forget_later(kind, [instance.pk])
    Cover.objects.filter(kind=str(kind), item_id=instance.pk, part="").delete()


def _decoded(data: bytes) -> Made:
    job = Job(pictures=("",), edge=_EDGE, quality=_QUALITY, is_new=True)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        file.seek(0)
        try:
            return images.make(job, [file.fileno()])
        except ImagesBusy:
            raise PicturesBusy(retry_after=1) from None
        except ImageProblem:
            raise InvalidInput(errors={"image": NO_PICTURE}) from None


def _record(thing: Any, digest: str) -> None:
    kind = str(thing._meta.model_name)
    record(f"{kind}.update", {"image": digest}, kind=kind, pk=thing.pk, name=str(thing))
