"""From checked rules to conditions of the database, for the owner of a playlist.

Texts are compared without regard to the case of the letters A to Z, the same on every database.
"""

from __future__ import annotations

import string
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import (
    Avg,
    BooleanField,
    Exists,
    F,
    FilteredRelation,
    FloatField,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from libraries.models import Participant, TrackGenre
from listening.models import Playlist, PlaylistTrack, TrackAnnotation
from listening.rules.fields import Field, Kind
from listening.rules.parsing import Condition, Group, Operator
from navidrome_lib.viewer import Viewer

_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Folded(Func):
    """A text with the letters A to Z in lower case, and no others."""

    function = "LOWER"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **options: Any) -> Any:
        return self.as_sql(compiler, connection, template='LOWER((%(expressions)s) COLLATE "C")', **options)


class TagHas(Func):
    """Whether one of the values of a tag, folded, is like a pattern."""

    output_field = BooleanField()

    def __init__(self, tag: str, pattern: str) -> None:
        # the name of a tag is one of ours; it goes as a value all the same
        super().__init__(F("tags"), Value(tag), Value(pattern))

    def as_sqlite(self, compiler: Any, connection: Any, **options: Any) -> Any:
        template = (
            "EXISTS(SELECT 1 FROM json_each(%(tags)s, '$.' || %(tag)s) AS found "
            "WHERE LOWER(found.value) LIKE %(pattern)s ESCAPE '\\')"
        )
        return self._written(compiler, template)

    def as_postgresql(self, compiler: Any, connection: Any, **options: Any) -> Any:
        template = (
            "EXISTS(SELECT 1 FROM jsonb_array_elements_text(%(tags)s -> (%(tag)s)::text) AS found "
            "WHERE LOWER(found COLLATE \"C\") LIKE %(pattern)s ESCAPE '\\')"
        )
        return self._written(compiler, template)

    def _written(self, compiler: Any, template: str) -> tuple[str, list[Any]]:
        parts = [compiler.compile(each) for each in self.get_source_expressions()]
        names = dict(zip(("tags", "tag", "pattern"), (sql for sql, _ in parts), strict=True))
        return template % names, [value for _, values in parts for value in values]


def folded(text: str) -> str:
    """A text of a rule as the database folds its own."""
    return text.translate(_LOWER)


def pattern_of(operator: Operator, text: str) -> str:
    """The pattern of LIKE for a text that a value is, contains, or begins or ends with."""
    escaped = folded(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    before = operator in (Operator.CONTAINS, Operator.ENDS_WITH)
    behind = operator in (Operator.CONTAINS, Operator.STARTS_WITH)
    return f"{'%' * before}{escaped}{'%' * behind}"


_LOOKUPS: Final = {
    Operator.IS: "exact",
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "startswith",
    Operator.ENDS_WITH: "endswith",
    Operator.GT: "gt",
    Operator.LT: "lt",
    Operator.AFTER: "gt",
    Operator.BEFORE: "lt",
}


class Conditions:
    """The conditions of one evaluation: for one owner, at one moment."""

    def __init__(self, owner: Viewer, now: datetime | None = None) -> None:
        self._owner = owner
        self._now = now or timezone.now()

    def prepared(self, rows: QuerySet[Any], sources: Collection[str]) -> QuerySet[Any]:
        """Rows with the joins and annotations that these sources speak of."""
        for prefix, path in _NOTES.items():
            names = {f"my_{prefix}{column}": column for column in _COLUMNS}
            if not names.keys().isdisjoint(sources):
                mine = "mine" + prefix.rstrip("_")
                relation = FilteredRelation(path, condition=Q(**{f"{path}__user": self._owner.pk}))
                rows = rows.alias(**{mine: relation})
                rows = rows.alias(**{name: _of(mine, column) for name, column in names.items()})
        if AVERAGE in sources:
            rows = rows.alias(**{AVERAGE: _average()})
        return rows

    def of(self, rule: Condition | Group) -> Q:
        """The condition of a rule or of a group."""
        if isinstance(rule, Group):
            return self._group(rule)
        found = self._positive(rule)
        return ~found if rule.negated else found

    def _group(self, group: Group) -> Q:
        parts = [self.of(rule) for rule in group.rules]
        if not parts:
            # an empty Q would vanish from a group of which any rule must hold
            return ~Q(pk__in=[]) if group.every else Q(pk__in=[])
        found = parts[0]
        for part in parts[1:]:
            found = found & part if group.every else found | part
        return found

    def _positive(self, rule: Condition) -> Q:
        field, operator, value = rule.field, rule.operator, rule.value
        if operator is Operator.IN_THE_LAST:
            return self._in_the_last(field, value)
        if field.kind is Kind.PLAYLIST:
            return self._in_playlist(value)
        if field.kind is Kind.TRUTH:
            return self._truth(field, value)
        if operator is Operator.IN_THE_RANGE:
            return self._range(field, *value)
        if field.source.startswith("tag:"):
            return Q(TagHas(field.source.removeprefix("tag:"), pattern_of(operator, value)))
        if field.source.startswith("role:") or field.source == "genre":
            return self._of_others(field, operator, value)
        return self._compared(field, operator, value)

    def _compared(self, field: Field, operator: Operator, value: Any) -> Q:
        if field.kind in (Kind.TEXT, Kind.DAY):
            return compared_text(field.source, operator, value)
        if field.kind is Kind.MOMENT and operator is Operator.IS:
            # a date means that day
            return self._range(field, value, value + timedelta(days=1))
        return known(field) & Q(**{f"{field.source}__{_LOOKUPS[operator]}": stored(field, value)})

    def _range(self, field: Field, first: Any, last: Any) -> Q:
        if field.kind in (Kind.TEXT, Kind.DAY):
            if field.source.startswith("role:"):
                return self._of_others(field, Operator.GT, first) & self._of_others(field, Operator.LT, last)
            inside = Q(_compare(field.source, "gte", first)) & Q(_compare(field.source, "lte", last))
            return inside & ~Q(**{field.source: ""})
        limits = {f"{field.source}__gte": stored(field, first), f"{field.source}__lte": stored(field, last)}
        return known(field) & Q(**limits)

    def _truth(self, field: Field, value: bool) -> Q:
        if field.source.endswith("starred_at"):
            return Q(**{f"{field.source}__isnull": not value})
        return Q(**{field.source: value})

    def _in_the_last(self, field: Field, days: int) -> Q:
        since = self._now - timedelta(days=days)
        if field.kind is Kind.DAY:
            return Q(**{f"{field.source}__gte": since.date().isoformat()})
        return known(field) & Q(**{f"{field.source}__gte": stored(field, since)})

    def _in_playlist(self, pk: str) -> Q:
        lists = Playlist.objects.visible_to(self._owner).filter(pk=pk)
        return Q(Exists(PlaylistTrack.objects.filter(playlist__in=lists, media_file=OuterRef("pk"))))

    def _of_others(self, field: Field, operator: Operator, value: str) -> Q:
        """Of people and genres: one of those of the track. Artists also by the text that the tag has for them all."""
        if field.source == "genre":
            named = compared_text("genre__name", operator, value)
            return Q(Exists(TrackGenre.objects.filter(named, media_file=OuterRef("pk"))))
        role = field.source.removeprefix("role:")
        named = compared_text("artist__name", operator, value)
        people = Q(Exists(Participant.objects.filter(named, media_file=OuterRef("pk"), role=role)))
        shown = {"artist": "artist", "albumartist": "album_artist"}.get(role)
        return people | compared_text(shown, operator, value) if shown else people


def known(field: Field) -> Q:
    """The condition that there is a value at all: the opposite of a rule holds where there is none."""
    return Q(**{f"{field.source}__isnull": False})


def stored(field: Field, value: Any) -> Any:
    """A value as the column of its field has it: times of files are nanoseconds since 1970."""
    in_nanoseconds = field.source == "mtime_ns" and isinstance(value, datetime)
    return int(value.timestamp() * 1_000_000) * 1_000 if in_nanoseconds else value


def compared_text(column: str, operator: Operator, value: str) -> Q:
    """A text in a column that is, contains, begins or ends with, or comes before or after another."""
    return Q(_compare(column, _LOOKUPS[operator], value))


def _compare(column: str, lookup: str, text: str) -> Any:
    compare: Any = TextField().get_lookup(lookup)
    value = Coalesce(column, Value("")) if "__" in column else F(column)
    return compare(Folded(value), folded(text))


_COLUMNS: Final = ("starred_at", "rating", "rated_at", "play_count", "play_date")
# what is marked: the prefix of the names, and the way to what people have said of it
_NOTES: Final = {"": "annotations", "album_": "album_ref__annotations"}
AVERAGE: Final = "average_rating"


def _of(mine: str, column: str) -> Any:
    """What the owner has in a column; 0 plays and no rating where there is nothing."""
    value = F(f"{mine}__{column}")
    return Coalesce(value, Value(0)) if column in ("rating", "play_count") else value


def _average() -> Any:
    rated = TrackAnnotation.objects.filter(media_file=OuterRef("pk"), rating__gt=0).order_by().values("media_file")
    return Coalesce(Subquery(rated.values(average=Avg("rating"))), Value(0.0), output_field=FloatField())
