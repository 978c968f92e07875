"""Scan libraries: walk → diff → read → map → write → moves → marks, as README.md in this folder draws it.

Other packages import from here, and nothing else of the scanner. A name is loaded when it is first used: the processes
that read tags import the pure stages and never Django.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from libraries.scanner.approval import CHANGED, DISCARDED, OVERTAKEN, settle_held
    from libraries.scanner.catalog import scan_options
    from libraries.scanner.lease import next_queued, reap_stale, worker_name
    from libraries.scanner.limits import ScanLimits
    from libraries.scanner.mapping.track import map_track
    from libraries.scanner.moves.applying import find_move_candidates, relink_track
    from libraries.scanner.moves.fingerprints import fill_in_fingerprints, libraries_without_fingerprints
    from libraries.scanner.options import make_pids_of, make_splitters
    from libraries.scanner.paths import display, join, parent, writable_path
    from libraries.scanner.paths import key_of as path_key
    from libraries.scanner.pipeline import run as run_scan
    from libraries.scanner.types import ScanOptions
    from libraries.scanner.walk.change_key import GONE, is_audio_name, kind_of, reason_of
    from libraries.scanner.walk.ignore import (
        EXCLUDE_PATTERN,
        IGNORE_FILE,
        PRESET_RULE,
        IgnoreRule,
        IgnoreScope,
        RulesOnTheWay,
        is_blank_ignore_file,
        read_ignore_file,
        root_scope,
    )
    from libraries.scanner.walk.links import Links
    from libraries.scanner.walk.mount_table import read_mounts
    from libraries.scanner.walk.patterns import validate_pattern
    from libraries.scanner.walk.root import KnownRoot, check_root

__all__ = [
    "CHANGED",
    "DISCARDED",
    "EXCLUDE_PATTERN",
    "GONE",
    "IGNORE_FILE",
    "OVERTAKEN",
    "PRESET_RULE",
    "IgnoreRule",
    "IgnoreScope",
    "KnownRoot",
    "Links",
    "RulesOnTheWay",
    "ScanLimits",
    "ScanOptions",
    "check_root",
    "display",
    "fill_in_fingerprints",
    "find_move_candidates",
    "is_audio_name",
    "is_blank_ignore_file",
    "join",
    "kind_of",
    "libraries_without_fingerprints",
    "make_pids_of",
    "make_splitters",
    "map_track",
    "next_queued",
    "parent",
    "path_key",
    "read_ignore_file",
    "read_mounts",
    "reap_stale",
    "reason_of",
    "relink_track",
    "root_scope",
    "run_scan",
    "scan_options",
    "settle_held",
    "validate_pattern",
    "worker_name",
    "writable_path",
]

_EXPORTS = {
    "run_scan": ("pipeline", "run"),
    "next_queued": ("lease", "next_queued"),
    "reap_stale": ("lease", "reap_stale"),
    "worker_name": ("lease", "worker_name"),
    "ScanLimits": ("limits", "ScanLimits"),
    "CHANGED": ("approval", "CHANGED"),
    "DISCARDED": ("approval", "DISCARDED"),
    "OVERTAKEN": ("approval", "OVERTAKEN"),
    "settle_held": ("approval", "settle_held"),
    "scan_options": ("catalog", "scan_options"),
    "ScanOptions": ("types", "ScanOptions"),
    "display": ("paths", "display"),
    "join": ("paths", "join"),
    "parent": ("paths", "parent"),
    "path_key": ("paths", "key_of"),
    "writable_path": ("paths", "writable_path"),
    "GONE": ("walk.change_key", "GONE"),
    "is_audio_name": ("walk.change_key", "is_audio_name"),
    "kind_of": ("walk.change_key", "kind_of"),
    "reason_of": ("walk.change_key", "reason_of"),
    "IGNORE_FILE": ("walk.ignore", "IGNORE_FILE"),
    "EXCLUDE_PATTERN": ("walk.ignore", "EXCLUDE_PATTERN"),
    "PRESET_RULE": ("walk.ignore", "PRESET_RULE"),
    "IgnoreRule": ("walk.ignore", "IgnoreRule"),
    "IgnoreScope": ("walk.ignore", "IgnoreScope"),
    "RulesOnTheWay": ("walk.ignore", "RulesOnTheWay"),
    "is_blank_ignore_file": ("walk.ignore", "is_blank_ignore_file"),
    "read_ignore_file": ("walk.ignore", "read_ignore_file"),
    "root_scope": ("walk.ignore", "root_scope"),
    "validate_pattern": ("walk.patterns", "validate_pattern"),
    "Links": ("walk.links", "Links"),
    "read_mounts": ("walk.mount_table", "read_mounts"),
    "KnownRoot": ("walk.root", "KnownRoot"),
    "check_root": ("walk.root", "check_root"),
    "make_pids_of": ("options", "make_pids_of"),
    "make_splitters": ("options", "make_splitters"),
    "map_track": ("mapping.track", "map_track"),
    "find_move_candidates": ("moves.applying", "find_move_candidates"),
    "relink_track": ("moves.applying", "relink_track"),
    "fill_in_fingerprints": ("moves.fingerprints", "fill_in_fingerprints"),
    "libraries_without_fingerprints": ("moves.fingerprints", "libraries_without_fingerprints"),
}


def __getattr__(name: str) -> Any:
    """Load one of the exported names."""
    try:
        module, attribute = _EXPORTS[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(f"{__name__}.{module}"), attribute)
