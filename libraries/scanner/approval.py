"""What a scan does not dare to mark by itself, and what becomes of it: approved, discarded, or overtaken.

A scan that would newly mark too much of a library missing ends as `held`: its proposal is kept as rows of `HeldMark`.
An approval is another scan, which may mark what the proposal names and what is still gone then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from libraries.choices import ScanState
from libraries.models import HeldMark, Library, MediaFile, Scan
from navidrome_lib.db.ids import first_id
from navidrome_lib.db.prepared import PreparedQuery

OVERTAKEN = "No approval is needed any more: a later scan has replaced this one."
CHANGED = "No approval is needed any more: the library was changed, and the next scan checks its files again."
DISCARDED = "Discarded: no file was marked as missing."


@dataclass(frozen=True, slots=True)
class Proposal:
    """The ids of tracks that are gone and are not to be marked without an approval; `known`: of how many."""

    held: frozenset[str]
    known: int

    def reason(self, library: Library) -> str:
        """The sentence for the person who decides."""
        return (
            f"{len(self.held)} of {self.known} files are gone, more than {library.held_percent} % of the library. "
            "None of them was marked as missing. If they were removed on purpose, approve this scan."
        )


def propose(scan: Scan, unseen: Collection[str], last_scan_at: datetime | None) -> Proposal | None:
    """What of the unseen tracks is to be held back; None when all may be marked.

    What an approved proposal names may be marked. The rest is judged as by any other scan.
    """
    library = scan.library
    if scan.accept_empty or len(unseen) <= library.held_count:
        return None
    rest = frozenset(unseen).difference(_approved(scan))
    known = _known_tracks(library.pk, last_scan_at)
    return Proposal(rest, known) if is_too_much(library, len(rest), known) else None


def is_too_much(library: Library, gone: int, songs: int) -> bool:
    """Whether `gone` of `songs` files are more than the library lets go missing at once."""
    # in whole numbers: all of a library is not more than 100 % of it
    return gone > library.held_count and gone * 100 > songs * library.held_percent


def _approved(scan: Scan) -> frozenset[str]:
    if scan.approves_id is None:
        return frozenset()
    return frozenset(HeldMark.objects.filter(scan=scan.approves_id).values_list("media_file_id", flat=True))


def _known_tracks(library_id: int, last_scan_at: datetime | None) -> int:
    """How many tracks the last complete scan left and are not marked: counted from rows, so that a scan that is done
    again judges as it did before, whatever it has added meanwhile."""
    tracks = MediaFile.objects.present().filter(library=library_id)
    return (tracks if last_scan_at is None else tracks.filter(pk__lt=first_id(last_scan_at))).count()


def settle_held(scans: QuerySet[Scan], reason: str) -> None:
    """End held scans, and forget their proposals unless an approval is still to be carried out. In a transaction."""
    settled = list(scans.filter(state=ScanState.HELD).order_by("pk").values_list("pk", flat=True))
    # conditional: two scans, or a scan and a person, may end the same one at once
    Scan.objects.filter(pk__in=settled, state=ScanState.HELD).update(state=ScanState.FINISHED, error=reason)
    wanted = Scan.objects.active().filter(approves__in=settled).values_list("approves", flat=True)
    HeldMark.objects.filter(scan__in=set(settled).difference(wanted)).delete()


# most libraries have neither
_held = PreparedQuery(
    lambda library_id: Scan.objects.filter(library=library_id, state=ScanState.HELD).values_list("pk", flat=True)[:1],
    int,
)
_mark = PreparedQuery(
    lambda library_id: HeldMark.objects.filter(scan__library=library_id).values_list("pk", flat=True)[:1], int
)


def settle_older(scan: Scan) -> None:
    """End what earlier scans held back, now that this one has seen the same folders. In its last transaction."""
    others = Scan.objects.filter(library=scan.library_id).exclude(pk=scan.pk)
    if _held.rows(scan.library_id):
        settle_held(others.filter(pk=scan.approves_id) if scan.targets else others, OVERTAKEN)
    if not _mark.rows(scan.library_id):
        return
    # what was kept for an approval that has now been carried out, or never was
    wanted = others.active().filter(approves__isnull=False).values("approves")
    ended = others.exclude(state=ScanState.HELD).exclude(pk__in=wanted)
    HeldMark.objects.filter(scan__in=ended.values("pk")).delete()
