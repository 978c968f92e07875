"""Labels of the choices of the catalog, as a person reads them; a model takes them as its `choices`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from libraries.choices import (
    ChangeKind,
    LibraryStatus,
    ProblemKind,
    Role,
    ScanPhase,
    ScanState,
    ScanTrigger,
    ScanType,
    TextEncoding,
    WatchState,
)

SCAN_STATE_LABELS = {
    ScanState.QUEUED.value: _("Queued"),
    ScanState.RUNNING.value: _("Running"),
    ScanState.FINISHED.value: _("Finished"),
    ScanState.FAILED.value: _("Failed"),
    ScanState.CANCELLED.value: _("Cancelled"),
    ScanState.OFFLINE.value: _("Offline"),
    ScanState.HELD.value: _("Needs approval"),
}

SCAN_TRIGGER_LABELS = {
    ScanTrigger.SUBSONIC.value: _("Subsonic client"),
    ScanTrigger.API.value: _("API"),
    ScanTrigger.ADMIN.value: _("Admin site"),
    ScanTrigger.COMMAND.value: _("Command line"),
    ScanTrigger.LIBRARY.value: _("Library settings"),
    ScanTrigger.SCHEDULE.value: _("Schedule"),
    ScanTrigger.WATCHER.value: _("Watcher"),
    ScanTrigger.APPROVAL.value: _("Approval"),
}

SCAN_TYPE_LABELS = {
    ScanType.QUICK.value: _("Quick scan"),
    ScanType.FULL.value: _("Full rescan"),
    ScanType.QUICK_SELECTIVE.value: _("Quick scan of some folders"),
    ScanType.FULL_SELECTIVE.value: _("Full rescan of some folders"),
}

PROBLEM_KIND_LABELS = {
    ProblemKind.PERMISSION.value: _("No permission"),
    ProblemKind.CORRUPT.value: _("Corrupt"),
    ProblemKind.EMPTY.value: _("Empty"),
    ProblemKind.UNSUPPORTED.value: _("Unsupported"),
    ProblemKind.IO.value: _("Read error"),
    ProblemKind.ENCODING.value: _("Invalid text"),
    ProblemKind.TIMEOUT.value: _("Timed out"),
    ProblemKind.MEMORY.value: _("Out of memory"),
    ProblemKind.VANISHED.value: _("Disappeared"),
    ProblemKind.STORAGE.value: _("Storage not available"),
}

CHANGE_KIND_LABELS = {
    ChangeKind.ADDED.value: _("Added"),
    ChangeKind.UPDATED.value: _("Updated"),
    ChangeKind.MOVED.value: _("Moved"),
    ChangeKind.MISSING.value: _("Missing"),
    ChangeKind.RESTORED.value: _("Restored"),
}

ROLE_LABELS = {
    Role.ARTIST.value: _("Artist"),
    Role.ALBUM_ARTIST.value: _("Album artist"),
    Role.COMPOSER.value: _("Composer"),
    Role.LYRICIST.value: _("Lyricist"),
    Role.CONDUCTOR.value: _("Conductor"),
    Role.ARRANGER.value: _("Arranger"),
    Role.PERFORMER.value: _("Performer"),
    Role.PRODUCER.value: _("Producer"),
    Role.DIRECTOR.value: _("Director"),
    Role.ENGINEER.value: _("Engineer"),
    Role.MIXER.value: _("Mixer"),
    Role.REMIXER.value: _("Remixer"),
    Role.DJ_MIXER.value: _("DJ mixer"),
}

LIBRARY_STATUS_LABELS = {
    LibraryStatus.ONLINE.value: _("Online"),
    LibraryStatus.OFFLINE.value: _("Offline"),
    LibraryStatus.ATTENTION.value: _("Needs attention"),
}

WATCH_STATE_LABELS = {
    WatchState.OFF.value: _("Off"),
    WatchState.WATCHING.value: _("Watching"),
    WatchState.POLLING.value: _("Polling"),
}

SCAN_PHASE_LABELS = {
    ScanPhase.STARTING.value: _("Starting"),
    ScanPhase.CHECKING.value: _("Checking the library folder"),
    ScanPhase.WALKING.value: _("Listing folders"),
    ScanPhase.READING.value: _("Reading files"),
    ScanPhase.MOVING.value: _("Finding moved files"),
    ScanPhase.FINGERPRINTING.value: _("Fingerprinting files that may have moved"),
    ScanPhase.MARKING.value: _("Marking missing files"),
    ScanPhase.TOTALS.value: _("Updating totals"),
}

TEXT_ENCODING_LABELS = {
    TextEncoding.AUTO.value: _("Detect Chinese, Japanese, Korean and Cyrillic text"),
    TextEncoding.OFF.value: _("Do not detect: read it as Latin-1"),
    TextEncoding.GBK.value: _("Simplified Chinese (GBK)"),
    TextEncoding.BIG5.value: _("Traditional Chinese (Big5)"),
    TextEncoding.SHIFT_JIS.value: _("Japanese (Shift JIS)"),
    TextEncoding.EUC_JP.value: _("Japanese (EUC-JP)"),
    TextEncoding.EUC_KR.value: _("Korean (EUC-KR)"),
    TextEncoding.CP1251.value: _("Cyrillic (Windows-1251)"),
    TextEncoding.KOI8_R.value: _("Cyrillic (KOI8-R)"),
    TextEncoding.CP866.value: _("Cyrillic (IBM 866)"),
    TextEncoding.CP1250.value: _("Central European (Windows-1250)"),
    TextEncoding.LATIN_2.value: _("Central European (ISO 8859-2)"),
    TextEncoding.CP1257.value: _("Baltic (Windows-1257)"),
    TextEncoding.CP1253.value: _("Greek (Windows-1253)"),
    TextEncoding.CP1254.value: _("Turkish (Windows-1254)"),
    TextEncoding.CP1255.value: _("Hebrew (Windows-1255)"),
    TextEncoding.CP1256.value: _("Arabic (Windows-1256)"),
    TextEncoding.CP874.value: _("Thai (Windows-874)"),
    TextEncoding.CP1258.value: _("Vietnamese (Windows-1258)"),
    TextEncoding.CP1252.value: _("Western European (Windows-1252)"),
    TextEncoding.LATIN_1.value: _("Western European (ISO 8859-1)"),
    TextEncoding.UTF_8.value: _("Unicode (UTF-8)"),
}
