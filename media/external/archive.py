"""The Cover Art Archive: the front of an album, by its MusicBrainz id."""

from __future__ import annotations

import logging
import os
import tempfile
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from django.conf import settings

from media.choices import CoverKind
from media.external.requests import Asker, NotKnown, Unusable
from media.external.things import Thing
from media.images.jobs import Job, Made
from media.images.pool import ImageProblem, images
from media.uploads.store import keep
from navidrome_lib.outgoing.exchange import Reply

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 5 * 1024 * 1024
EDGE: Final = 1200
_REDIRECTS: Final = 4
# where the archive keeps its files
_HOSTS: Final = ("archive.org", "coverartarchive.org")


def ask_about(thing: Thing, asker: Asker) -> dict[str, Any]:
    """The name of the file in which the front of an album is kept from now on; nothing where there is none."""
    if thing.kind is not CoverKind.ALBUM:
        return {}
    base = settings.CONF.external.cover_art_archive_url
    places = [("release", thing.mbz), ("release-group", thing.mbz_group)]
    for what, mbz in places:
        if mbz:
            try:
                made = decoded(follow(asker, f"{base}/{what}/{mbz}/front-{EDGE}").body)
            except NotKnown:
                continue
            return {"picture": keep(made.data, made.media_type)}
    return {}


def follow(asker: Asker, url: str) -> Reply:
    """The answer at the end of redirects, which lead nowhere but to the archive."""
    for _ in range(_REDIRECTS):
        reply = asker.get(url, accept="image/*", most=MAX_BYTES)
        target = reply.headers.get("location", "")
        if not (300 <= reply.status < 400 and target):
            asker.check(reply)
            return reply
        url = urljoin(url, target)
        if not is_allowed(url):
            raise Unusable(f"{asker.name} leads to another place.")
    raise Unusable(f"{asker.name} leads in a circle.")


def is_allowed(url: str) -> bool:
    """Whether a redirect may lead there: to the address in the options, or by https to a host of the archive."""
    try:
        parts, base = urlsplit(url), urlsplit(settings.CONF.external.cover_art_archive_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username or not url.isascii() or any(character <= " " for character in url):
        return False
    if (parts.scheme, parts.netloc) == (base.scheme, base.netloc):
        return True
    is_known = any(host == known or host.endswith(f".{known}") for known in _HOSTS)
    return parts.scheme == "https" and port in (None, 443) and is_known


def decoded(data: bytes) -> Made:
    """A picture as an image process has made it again, so that nothing else of the file is kept."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        job = Job(pictures=("",), edge=EDGE, is_new=True, quality=settings.CONF.media.cover_art_quality)
        try:
            return images.make(job, [file.fileno()])
        except ImageProblem as problem:
            raise Unusable(f"The Cover Art Archive sends no picture: {problem}") from problem
