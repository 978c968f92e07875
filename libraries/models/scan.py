"""A scan: the request, its lease, its progress and its outcome, all in one row."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from libraries.choices import ScanState, ScanTrigger, ScanType
from libraries.labels import SCAN_STATE_LABELS, SCAN_TRIGGER_LABELS, SCAN_TYPE_LABELS
from libraries.models.library import Library
from libraries.querysets import ScanQuerySet
from navidrome_lib.viewer import Viewer

# between those who asked for one scan
JOINED = ", "


class Scan(models.Model):
    """The database is the queue: Celery only delivers the id, and a lost delivery is made again."""

    library = models.ForeignKey(Library, verbose_name=_("library"), on_delete=models.CASCADE, related_name="scans")
    full = models.BooleanField(_("full rescan"), default=False)
    # folders relative to the root that the scan is limited to; empty: the whole library
    targets = models.JSONField(default=list, blank=True)
    # what an admin takes responsibility for: an empty root, and a root on another device than at the last scan
    accept_empty = models.BooleanField(default=False)
    accept_device = models.BooleanField(default=False)
    # the held scan whose proposal this one may mark, as far as it is still gone
    approves = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, db_constraint=False, db_index=False, related_name="approvals"
    )
    trigger = models.CharField(_("requested by"), max_length=16, choices=SCAN_TRIGGER_LABELS)
    requested_by = models.CharField(max_length=255, default="", blank=True)

    state = models.CharField(_("state"), max_length=16, choices=SCAN_STATE_LABELS, default=ScanState.QUEUED)
    phase = models.CharField(max_length=32, default="", blank=True)
    error = models.TextField(default="", blank=True)
    cancel_requested = models.BooleanField(default=False)

    # the lease: a worker owns a running scan while its fence number matches and its lease has not run out
    worker = models.CharField(max_length=255, default="", blank=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    # attempts that ended for no fault of the scan: the server was stopped, a disk was full, the database was away
    interruptions = models.PositiveIntegerField(default=0)
    # a scan that waits for something to come back is not delivered before this
    retry_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    # when the id was last handed to the broker, so that a lost delivery is noticed and a waiting one not repeated
    delivered_at = models.DateTimeField(null=True)

    # progress, only ever growing within one attempt
    files_total = models.PositiveIntegerField(null=True)
    current_folder = models.TextField(default="", blank=True)
    folder_count = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(_("files"), default=0, help_text=_("Audio files checked so far."))
    added = models.PositiveIntegerField(_("added"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    moved = models.PositiveIntegerField(_("moved"), default=0)
    restored = models.PositiveIntegerField(_("restored"), default=0)
    missing = models.PositiveIntegerField(_("missing"), default=0)
    skipped = models.PositiveIntegerField(
        _("unchanged"), default=0, help_text=_("Also files that are ignored or still being written.")
    )
    failed = models.PositiveIntegerField(_("failed"), default=0)
    # folders in which files were so new that they were left for another scan, as its targets
    settling = models.JSONField(default=list, blank=True, editable=False)

    requested_at = models.DateTimeField(_("requested"), auto_now_add=True)
    # the beginning of this attempt, and of the first one
    started_at = models.DateTimeField(null=True)
    first_started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    # where the present phase began: its speed is counted from here
    phase_started_at = models.DateTimeField(null=True)
    phase_seen = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    objects = ScanQuerySet.as_manager()

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        constraints = [
            # two workers that claim at once: the second UPDATE breaks this and backs off
            models.UniqueConstraint(fields=["library"], condition=Q(state=ScanState.RUNNING), name="scan_one_running"),
            # two requests at once: the second joins the row of the first
            models.UniqueConstraint(fields=["library"], condition=Q(state=ScanState.QUEUED), name="scan_one_queued"),
        ]
        indexes = [models.Index(fields=["state", "lease_expires_at"], name="scan_state_idx")]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.pk} ({self.get_state_display()})"

    def join_request(
        self,
        *,
        targets: list[str],
        full: bool,
        accept_empty: bool,
        accept_device: bool,
        approves: int | None,
        requested_by: str,
    ) -> None:
        """Take one more request into this one, which waits; no targets is the whole library. The row is locked."""
        self.targets = sorted({*self.targets, *targets}) if self.targets and targets else []
        self.full = self.full or full
        self.accept_empty = self.accept_empty or accept_empty
        self.accept_device = self.accept_device or accept_device
        self.approves_id = self.approves_id or approves
        self.retry_at = None  # who asks now does not want to wait until what was away is looked for again
        # a person who may cancel only their own scans must not cancel what another one waits for
        before = (self.requested_by or self.trigger).split(JOINED)
        also = [name for name in requested_by.split(JOINED) if name not in before]
        self.requested_by = JOINED.join([*before, *also])[:255] if also else self.requested_by
        fields = ["targets", "full", "accept_empty", "accept_device", "approves", "retry_at", "requested_by"]
        self.save(update_fields=fields)

    def is_cancellable_by(self, viewer: Viewer) -> bool:
        """True for an admin, and for a person with the right to scan who asked for this scan, and nothing else did."""
        by_person = self.trigger in (ScanTrigger.ADMIN, ScanTrigger.API, ScanTrigger.SUBSONIC)
        return viewer.is_admin or (viewer.may_scan and by_person and self.requested_by == viewer.name)

    def get_type_display(self) -> str:
        """The type as a person reads it."""
        return str(SCAN_TYPE_LABELS[self.type])

    @property
    def type(self) -> ScanType:
        """quick or full, of the whole library or of some folders."""
        if self.targets:
            return ScanType.FULL_SELECTIVE if self.full else ScanType.QUICK_SELECTIVE
        return ScanType.FULL if self.full else ScanType.QUICK
