"""Media library scanning: startScan, getScanStatus."""

from __future__ import annotations

from django.db import transaction

from libraries.choices import ScanTrigger
from libraries.models import Library
from libraries.services import scans
from libraries.storage.roots import EVERYTHING, ScanTargets, prepare_targets
from navidrome_lib.api.wire import parse_library_id
from navidrome_lib.errors import InvalidInput, NotFound
from subsonic import payloads
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer

MAX_TARGETS = 1000


def start_scan(caller: Viewer, params: Params) -> Payload:
    """`/rest/startScan`: scan what the caller can access, or the folders that `target=<library>:<folder>` names."""
    targets = parse_targets(caller, params.many("target"))
    with transaction.atomic():
        for library, folders in targets:
            scans.request_scan(
                library,
                trigger=ScanTrigger.SUBSONIC,
                full=params.flag("fullScan"),
                targets=folders,
                requested_by=str(caller.user),
            )
    return get_scan_status(caller, params)


def get_scan_status(caller: Viewer, params: Params) -> Payload:
    """`/rest/getScanStatus`: what the scans of the caller's libraries are doing."""
    return {"scanStatus": payloads.scan_status(scans.visible_scan_status(caller))}


def parse_targets(caller: Viewer, targets: list[str]) -> list[tuple[Library, ScanTargets]]:
    """Each library with its folders; no target means all of every library. All are checked before any is used.

    Looks at the disk, so it is not for transactions.
    """
    libraries = {library.pk: library for library in Library.objects.visible_to(caller).order_by("pk")}
    if not targets:
        return [(library, EVERYTHING) for library in libraries.values()]
    if len(targets) > MAX_TARGETS:
        raise InvalidInput(f"At most {MAX_TARGETS} targets are allowed.")
    chosen: dict[int, list[str]] = {}
    for target in targets:
        digits, colon, folder = target.partition(":")
        number = parse_library_id(digits)
        if not colon or number is None:
            raise InvalidInput(f"“{target[:200]}” is not a target: it must be <library id>:<folder>.")
        if number not in libraries:
            raise NotFound("This library does not exist.")
        chosen.setdefault(number, []).append(folder)
    return [(libraries[number], prepare_targets(libraries[number], folders)) for number, folders in chosen.items()]
