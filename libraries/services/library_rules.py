"""The rules of a library's fields: `prepare_library` applies those of shape and disk, saving those of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from libraries.choices import TextEncoding
from libraries.models import Library
from libraries.models.library import MAX_NAME, MAX_SCHEDULE, name_key
from libraries.scanner import validate_pattern
from libraries.storage.roots import (
    check_anchor,
    check_root_folder,
    is_storable_text,
    normal_root,
    other_libraries,
    overlap_error,
    real_path,
    resolve_other_roots,
)
from navidrome_lib.config.schedules import validate_schedule
from navidrome_lib.controls import NAME_RULE, has_controls
from navidrome_lib.errors import InvalidInput

MAX_PATTERNS = 1000
MAX_RETENTION_DAYS = 36_500
MAX_HELD_FILES = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class PreparedLibrary:
    """Values of a library that keep all rules of shape and disk; only the database may still refuse them.

    `values` are the ones that change, by model field and in their normal form, `asked` all as they came. `place` is the
    root and the anchor file of the library when it was looked at. `real_path` is the new root and `real_roots` the root
    of each other library by its path, links resolved; both are empty when no overlap has to be ruled out.
    """

    values: Mapping[str, Any]
    asked: Mapping[str, Any]
    allow_overlap: bool = False
    place: tuple[str, str] = ("", "")
    real_path: str = ""
    real_roots: Mapping[str, str] = field(default_factory=dict)


def prepare_library(
    asked: Mapping[str, Any],
    *,
    library: Library | None = None,
    allow_overlap: bool = False,
    with_database: bool = False,
) -> PreparedLibrary:
    """Check values (by model field) of a new or an existing library; every rule that they break is in one refusal.

    Looks at the disk, which may take seconds: it is called before a transaction, and `create_library` or
    `update_library` inside one then checks what only the database knows. What is refused here is not saved, so the
    refusal names the broken rules of the database, too; `with_database` asks for them in any case.
    """
    # what stays as it is breaks no rule: a library whose folder is offline can still be renamed
    wanted = {name: value for name, value in asked.items() if library is None or getattr(library, name) != value}
    if library and library.anchor_file and "path" in wanted:
        wanted = {"anchor_file": library.anchor_file, **wanted}  # it must be in the new place, too
    values, errors = _check_each(wanted, library)
    overlaps = "path" in values and not allow_overlap
    library_id = library.pk if library else None
    prepared = PreparedLibrary(
        values=values,
        asked=dict(asked),
        allow_overlap=allow_overlap,
        place=(library.path, library.anchor_file) if library else ("", ""),
        real_path=real_path(values["path"]) if overlaps else "",
        real_roots=resolve_other_roots(library_id) if overlaps else {},
    )
    if errors or with_database:
        errors |= database_errors(prepared, library_id)
    if errors:
        raise InvalidInput(errors=errors)
    return prepared


def _check_each(wanted: Mapping[str, Any], library: Library | None) -> tuple[dict[str, Any], dict[str, str]]:
    """The values in their normal form, and a sentence for each that breaks a rule, by wire name."""
    root = _root_of_anchor(str(wanted.get("path", library.path if library else "")))
    checks: dict[str, Callable[[Any], Any]] = {
        "name": check_name,
        "path": check_root_folder,
        "exclude_patterns": check_patterns,
        "missing_retention_days": check_retention,
        "schedule": check_schedule_field,
        "held_percent": check_held_percent,
        "held_count": check_held_count,
        "anchor_file": lambda value: check_anchor(value, root),
        "text_encoding": check_text_encoding,
    }
    values, errors = dict[str, Any](), dict[str, str]()
    for name, value in wanted.items():
        try:
            values[name] = checks[name](value) if name in checks else value
        except InvalidInput as error:
            errors.update(error.errors)
    return values, errors


def _root_of_anchor(path: str) -> str:
    """Where an anchor file is looked for; an empty text for what can be no root."""
    try:
        normal_root(path)
    except InvalidInput:
        return ""
    return path


def database_errors(prepared: PreparedLibrary, library_id: int | None) -> dict[str, str]:
    """A sentence for each rule of the database that prepared values break, by wire name. Does not touch the disk.

    It holds as long as no other request changes a library: while `lock_libraries` is held.
    """
    errors: dict[str, str] = {}
    name = prepared.values.get("name")
    if name is not None and other_libraries(library_id).filter(name_key=name_key(name)).exists():
        errors["name"] = f"A library named “{name}” already exists."
    overlap = prepared.real_path and overlap_error(prepared.real_path, prepared.real_roots, library_id)
    if overlap:
        errors["path"] = overlap
    return errors


def is_outdated(prepared: PreparedLibrary, library: Library | None) -> bool:
    """Whether others have changed, since the disk was looked at, what that look relied on."""
    if library is not None:
        different = {name for name, value in prepared.asked.items() if getattr(library, name) != value}
        moved = (library.path, library.anchor_file) != prepared.place
        if different - prepared.values.keys() or (moved and {"path", "anchor_file"} & prepared.values.keys()):
            return True
    if not prepared.real_path:
        return False
    others = other_libraries(library.pk if library else None)
    return not set(others.values_list("path", flat=True)) <= prepared.real_roots.keys()


def check_name(name: str) -> str:
    """The trimmed name. Whether another library has it, the database knows."""
    name = name.strip()
    if not name:
        raise InvalidInput(errors={"name": "A name is required."})
    if has_controls(name):
        raise InvalidInput(errors={"name": NAME_RULE})
    if len(name) > MAX_NAME or not is_storable_text(name):
        raise InvalidInput(errors={"name": f"A name has at most {MAX_NAME} characters."})
    return name


def check_patterns(patterns: Iterable[str]) -> list[str]:
    """Patterns in gitignore syntax; each that cannot be used is named."""
    checked = list(patterns)
    if len(checked) > MAX_PATTERNS:
        raise InvalidInput(errors={"excludePatterns": f"At most {MAX_PATTERNS} patterns are allowed."})
    wrong = [f"“{pattern}”: {reason}" for pattern in checked if (reason := validate_pattern(pattern))]
    if wrong:
        raise InvalidInput(errors={"excludePatterns": " ".join(wrong)})
    return checked


def check_text_encoding(name: str) -> str:
    """The name of an encoding, or what to do without one; case does not count."""
    try:
        return TextEncoding(name.strip().lower()).value
    except ValueError:
        known = ", ".join(TextEncoding)
        raise InvalidInput(errors={"textEncoding": f"Must be one of {known}."}) from None


def check_retention(days: int | None) -> int | None:
    """How many days missing files are kept; None: for ever."""
    if days is not None and not 1 <= days <= MAX_RETENTION_DAYS:
        sentence = f"Must be a number of days from 1 to {MAX_RETENTION_DAYS}, or null for never."
        raise InvalidInput(errors={"missingRetentionDays": sentence})
    return days


def check_schedule_field(text: str) -> str:
    """A schedule as `navidrome_lib.config.schedules` takes it; else why it makes no sense."""
    if len(text) > MAX_SCHEDULE:
        raise InvalidInput(errors={"schedule": f"A schedule has at most {MAX_SCHEDULE} characters."})
    try:
        return validate_schedule(text, timezone.now())
    except ValueError as error:
        raise InvalidInput(errors={"schedule": f"{error}. Write 0 3 * * *, @daily, @every 6h or never."}) from None


def check_held_percent(percent: int) -> int:
    """The share of a library above which a scan asks first."""
    if not 0 <= percent <= 100:
        sentence = "Must be a percentage from 0 (only the number of files counts) to 100 (never ask)."
        raise InvalidInput(errors={"heldThreshold.percent": sentence})
    return percent


def check_held_count(count: int) -> int:
    """How many files may go missing at once without asking."""
    if not 0 <= count <= MAX_HELD_FILES:
        raise InvalidInput(errors={"heldThreshold.files": f"Must be a number of files from 0 to {MAX_HELD_FILES}."})
    return count
