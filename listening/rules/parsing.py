"""From the JSON of rules to checked criteria. It knows no Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from listening.rules.fields import FIELDS, RANDOM, Field, Kind, field_of

MAX_DEPTH: Final = 8
MAX_RULES: Final = 300
MAX_TEXT: Final = 500
MAX_NUMBER: Final = 10**15
MAX_DAYS: Final = 36_500
MAX_LIMIT: Final = 100_000


class RuleError(ValueError):
    """Rules that cannot be carried out, with a sentence for who wrote them."""


class Operator(StrEnum):
    """What a rule says of a field; in lower case, as the wire may spell it in any."""

    IS = "is"
    IS_NOT = "isnot"
    GT = "gt"
    LT = "lt"
    CONTAINS = "contains"
    NOT_CONTAINS = "notcontains"
    STARTS_WITH = "startswith"
    ENDS_WITH = "endswith"
    IN_THE_RANGE = "intherange"
    BEFORE = "before"
    AFTER = "after"
    IN_THE_LAST = "inthelast"
    NOT_IN_THE_LAST = "notinthelast"
    IN_PLAYLIST = "inplaylist"
    NOT_IN_PLAYLIST = "notinplaylist"


NEGATIONS: Final = {
    Operator.IS_NOT: Operator.IS,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_IN_THE_LAST: Operator.IN_THE_LAST,
    Operator.NOT_IN_PLAYLIST: Operator.IN_PLAYLIST,
}
_TEXTS: Final = {Operator.IS, Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH}
_ORDERED: Final = {Operator.IS, Operator.GT, Operator.LT, Operator.IN_THE_RANGE}
_DATES: Final = {*_ORDERED, Operator.BEFORE, Operator.AFTER, Operator.IN_THE_LAST}
# what can be said of fields of each kind; a negation where its opposite can be
OPERATORS: Final[Mapping[Kind, set[Operator]]] = {
    Kind.TEXT: {*_TEXTS, Operator.GT, Operator.LT, Operator.IN_THE_RANGE, Operator.BEFORE, Operator.AFTER},
    Kind.VALUES: _TEXTS,
    Kind.NUMBER: _ORDERED,
    Kind.TRUTH: {Operator.IS},
    Kind.MOMENT: _DATES,
    Kind.DAY: {*_DATES, *_TEXTS},
    Kind.PLAYLIST: {Operator.IN_PLAYLIST},
}


@dataclass(frozen=True)
class Condition:
    """One rule: `operator` is never a negation. `value` is of the type that the kind of the field needs."""

    field: Field
    operator: Operator
    value: Any
    negated: bool = False


@dataclass(frozen=True)
class Group:
    """Rules of which all must hold, or any."""

    every: bool
    rules: tuple[Condition | Group, ...]


@dataclass(frozen=True)
class Criteria:
    """Checked rules. `sorts`: fields, each with whether it is descending. `limit` and `limit_percent` 0: none."""

    group: Group
    sorts: tuple[tuple[Field, bool], ...] = ()
    limit: int = 0
    limit_percent: int = 0

    def conditions(self) -> Iterator[Condition]:
        """Every rule, whatever group it is in."""
        yield from _conditions(self.group)


def _conditions(group: Group) -> Iterator[Condition]:
    for rule in group.rules:
        if isinstance(rule, Group):
            yield from _conditions(rule)
        else:
            yield rule


def parse_rules(data: object) -> Criteria:
    """Check rules; RuleError says what is wrong with them."""
    if not isinstance(data, Mapping):
        raise RuleError("Rules are a JSON object with “all” or “any”.")
    names = {str(key).lower(): value for key, value in data.items()}
    found = [name for name in ("all", "any") if names.get(name) is not None]
    if len(found) != 1:
        raise RuleError("Rules need either “all” or “any”, a list of rules.")
    group = _Parser().group(found[0], names[found[0]], MAX_DEPTH)
    return Criteria(
        group,
        tuple(_sorts(names.get("sort") or "", str(names.get("order") or "asc"))),
        _count(names.get("limit"), "limit", MAX_LIMIT),
        _count(names.get("limitpercent"), "limitPercent", 100),
    )


class _Parser:
    def __init__(self) -> None:
        self.left = MAX_RULES

    def group(self, name: str, data: object, depth: int) -> Group:
        if not isinstance(data, list):
            raise RuleError(f"“{name}” is a list of rules.")
        if depth == 0:
            raise RuleError("The rules are nested too deeply.")
        return Group(name == "all", tuple(rule for each in data for rule in self.rules(each, depth)))

    def rules(self, data: object, depth: int) -> Iterator[Condition | Group]:
        """Each rule of an object such as `{"is": {"loved": true}}`."""
        if not isinstance(data, Mapping) or len(data) != 1:
            raise RuleError('A rule is an object with one operator, such as {"is": {"loved": true}}.')
        ((name, value),) = data.items()
        if str(name).lower() in ("all", "any"):
            yield self.group(str(name).lower(), value, depth - 1)
            return
        try:
            operator = Operator(str(name).lower())
        except ValueError:
            raise RuleError(f"There is no operator “{str(name)[:40]}”.") from None
        if not isinstance(value, Mapping) or not value:
            raise RuleError(f"“{name}” needs an object with a field and a value.")
        for field_name, wanted in value.items():
            self.left -= 1
            if self.left < 0:
                raise RuleError(f"There are more than {MAX_RULES} rules.")
            yield condition(operator, str(field_name), wanted)


def condition(operator: Operator, name: str, value: object) -> Condition:
    """One checked rule."""
    positive = NEGATIONS.get(operator, operator)
    if positive is Operator.IN_PLAYLIST:
        if name.lower() != "id" or not isinstance(value, str) or not value.isalnum():
            raise RuleError('“inPlaylist” needs the id of a playlist, as {"id": "…"}.')
        return Condition(FIELDS["playlist"], positive, value, operator in NEGATIONS)
    field = field_of(name)
    if field is None:
        raise RuleError(f"There is no field “{name[:40]}”.")
    if positive not in OPERATORS[field.kind]:
        raise RuleError(f"“{operator}” cannot be said of “{name[:40]}”.")
    return Condition(field, positive, _value(field, positive, value), operator in NEGATIONS)


def _value(field: Field, operator: Operator, value: object) -> Any:
    if operator is Operator.IN_THE_LAST:
        return _days(field, value)
    if operator is Operator.IN_THE_RANGE:
        if not isinstance(value, list) or len(value) != 2:
            raise RuleError(f"“inTheRange” needs two values for “{field.name}”: [from, to].")
        return _one(field, value[0]), _one(field, value[1])
    return _one(field, value)


def _one(field: Field, value: object) -> Any:
    """A value of the type that a field has."""
    if field.kind is Kind.NUMBER:
        return _number(field, value)
    if field.kind is Kind.TRUTH:
        if value not in (True, False, "true", "false"):
            raise RuleError(f"“{field.name}” is true or false.")
        return value in (True, "true")
    if field.kind is Kind.MOMENT:
        return _moment(field, value)
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise RuleError(f"“{field.name}” is compared with a text.")
    text = str(value)
    if len(text) > MAX_TEXT or "\0" in text or not text.isprintable():
        raise RuleError(f"The text for “{field.name}” is too long, or has control characters.")
    return text


def _number(field: Field, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if isinstance(value, bool) or not abs(number) <= MAX_NUMBER:
        raise RuleError(f"“{field.name}” is compared with a number.")
    return number


def _moment(field: Field, value: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
        return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError):
        raise RuleError(f"“{field.name}” is compared with a date such as {date(2026, 1, 31)}.") from None


def _days(field: Field, value: object) -> int:
    number = _number(field, value)
    if number != int(number) or not 0 <= number <= MAX_DAYS:
        raise RuleError(f"“inTheLast” needs a number of days for “{field.name}”, 0 to {MAX_DAYS:,}.")
    return int(number)


def _sorts(text: object, order: str) -> Iterator[tuple[Field, bool]]:
    if not isinstance(text, str) or order.lower() not in ("asc", "desc", ""):
        raise RuleError("“sort” is a text of fields with commas between; “order” is “asc” or “desc”.")
    turned = order.lower() == "desc"
    for part in filter(None, (part.strip() for part in text.split(","))):
        name = part.lstrip("+-")
        field = field_of(name)
        if field is None or field.kind in (Kind.VALUES, Kind.PLAYLIST):
            raise RuleError(f"Songs cannot be sorted by “{name[:40]}”.")
        yield field, (part.startswith("-") != turned) and field.name != RANDOM


def _count(value: object, name: str, most: int) -> int:
    if value in (None, 0):
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
        raise RuleError(f"“{name}” is a whole number from 1 to {most:,}.")
    return value
