"""An option as a field of a dataclass: its declaration, its reading, and what may be shown of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from navidrome_lib.config.env import ConfigError, Reader

T = TypeVar("T")
MASK = "****"
OPTION = "option"


@dataclass(frozen=True, kw_only=True)
class Option:
    """The declaration of one option.

    `default` and `example` are texts as they stand in the environment; `default_note` says what an empty default means.
    `nonsense` is a text that is refused, and None says that any text has a meaning here.
    """

    variable: str
    chapter: str
    reader: Reader[Any]
    about: str
    default: str
    default_note: str
    unit: str
    example: str
    nonsense: str | None
    secret: bool

    def value(self, environ: Mapping[str, str]) -> Any:
        """The value in `environ`, or the default where it is unset or blank; else `ConfigError`."""
        try:
            text = environ.get(self.variable, "")
            if not self.reader.keeps_space or not text.strip():
                text = text.strip()
            return self.reader.read(text or self.default)
        except ValueError as error:
            raise ConfigError(self.variable, str(error)) from None


def option(
    variable: str,
    reader: Reader[T],
    about: str,
    *,
    chapter: str,
    example: str,
    nonsense: str | None,
    default: str = "",
    default_note: str = "",
    unit: str = "",
    secret: bool = False,
) -> T:
    """A dataclass field for an option; a secret is masked and stands in no `repr`."""
    declared = Option(
        variable=variable,
        chapter=chapter,
        reader=reader,
        about=about,
        default=default,
        default_note=default_note,
        unit=unit,
        example=example,
        nonsense=nonsense,
        secret=secret,
    )
    found: T = field(default_factory=lambda: declared.value({}), repr=not secret, metadata={OPTION: declared})
    return found


def read_options(kind: type[T], environ: Mapping[str, str]) -> T:
    """An instance of a dataclass of options, with the dataclasses inside it."""
    values = {}
    for item in fields(cast(Any, kind)):
        declared: Option | None = item.metadata.get(OPTION)
        values[item.name] = (
            declared.value(environ) if declared else read_options(cast(Any, item.default_factory), environ)
        )
    return kind(**values)


def declared_options(kind: Any) -> Iterator[Option]:
    """Every declared option, those of the dataclasses inside too."""
    for item in fields(kind):
        declared: Option | None = item.metadata.get(OPTION)
        if declared is not None:
            yield declared
        else:
            yield from declared_options(item.default_factory)


def masked(values: Any) -> dict[str, Any]:
    """`values` as a plain dict in which every option that was declared secret is masked when it is set."""
    shown: dict[str, Any] = {}
    for item in fields(values):
        value = getattr(values, item.name)
        if is_dataclass(value):
            shown[item.name] = masked(value)
        elif item.metadata[OPTION].secret:
            shown[item.name] = MASK if value else ""
        else:
            shown[item.name] = plain(value)
    return shown


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
