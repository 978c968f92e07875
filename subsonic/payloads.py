"""Models as the protocol's objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from libraries.models import Library
from libraries.services.scans import ScanStatus
from navidrome_lib.api.wire import instant
from users.models import Viewer

MICROSECOND = 1000


def scan_status(status: ScanStatus) -> dict[str, Any]:
    """`scanStatus`: the protocol's two keys and Navidrome's further ones. `elapsedTime` is in nanoseconds."""
    elapsed = status.elapsed
    microseconds = (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
    shown: dict[str, Any] = {
        "scanning": status.scanning,
        "count": status.count,
        "folderCount": status.folder_count,
        "elapsedTime": microseconds * MICROSECOND,
    }
    if status.last_scan:
        shown["lastScan"] = instant(status.last_scan)
    if status.scan_type:
        shown["scanType"] = str(status.scan_type)
    if status.error:
        shown["error"] = status.error
    return shown


def music_folders(libraries: Iterable[Library]) -> dict[str, Any]:
    """`musicFolders`, one per library."""
    return {"musicFolder": [{"id": library.pk, "name": library.name} for library in libraries]}


def user(viewer: Viewer, library_ids: Iterable[int]) -> dict[str, Any]:
    """`user` with every role of the protocol, which clients require; false is what this server does not do."""
    return {
        "username": viewer.user.username,
        "email": viewer.user.email,
        "scrobblingEnabled": True,
        "adminRole": viewer.is_admin,
        "settingsRole": viewer.may_manage,
        "downloadRole": bool(settings.CONF.media.enable_downloads),
        "uploadRole": False,
        "playlistRole": viewer.may_listen,
        "coverArtRole": False,
        # comments and ratings
        "commentRole": viewer.may_listen,
        "podcastRole": False,
        "streamRole": True,
        "jukeboxRole": False,
        "shareRole": bool(settings.CONF.enable_sharing) and viewer.may_listen,
        "videoConversionRole": False,
        "folder": list(library_ids),
    }
