"""A serializer that only writes says what DRF's own would say."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework import serializers

from libraries.choices import ScanState
from libraries.models import Library, Scan
from libraries.serializers import LibrarySerializer, ScanSerializer
from navidrome_lib.api.output import OutputSerializer


class Inner(OutputSerializer[Any]):
    colour = serializers.CharField()


class Outer(OutputSerializer[Any]):
    count = serializers.IntegerField()
    state = serializers.CharField()
    flag = serializers.BooleanField()
    share = serializers.FloatField(source="inner.share")
    nothing = serializers.CharField(allow_null=True)
    whole = Inner(source="*")
    part = Inner(source="inner")
    parts = Inner(many=True)
    said = serializers.SerializerMethodField()
    listed = serializers.ListField(child=serializers.IntegerField())

    def get_said(self, instance: Any) -> str:
        return str(self.context.get("word", "nothing"))


INNER = {"colour": "red", "share": 1}
VALUES = {
    "count": "7", "state": ScanState.HELD, "flag": 1, "inner": INNER, "nothing": None, "colour": "blue",
    "parts": [INNER, {"colour": 5}], "listed": ("1", 2),
}  # fmt: skip


def drf(serializer: serializers.Serializer[Any], instance: Any) -> dict[str, Any]:
    return dict(serializers.Serializer.to_representation(serializer, instance))


@pytest.mark.parametrize("form", [dict, lambda values: SimpleNamespace(**values)])
def test_values_become_what_their_fields_say(form: Callable[[Any], Any]) -> None:
    instance = form(VALUES)
    written = Outer(instance, context={"word": "something"}).data
    assert written == drf(Outer(context={"word": "something"}), instance)
    assert list(written) == list(Outer().fields)
    assert written["said"] == "something"
    assert written["state"] == "held"
    assert type(written["state"]) is str
    assert list(Outer([instance, instance], many=True).data) == [drf(Outer(), instance)] * 2


def test_a_value_that_is_not_there_is_the_mistake_that_it_was() -> None:
    with pytest.raises(AttributeError, match="field `colour` on serializer `Inner`"):
        _ = Inner(SimpleNamespace()).data
    with pytest.raises(KeyError, match="field `colour` on serializer `Inner`"):
        _ = Inner({}).data


@pytest.mark.alike
@pytest.mark.django_db
def test_rows_are_written_as_before() -> None:
    library = Library.objects.create(name="Music", path="/srv/music", unread_files={"ape": 2}, schedule="0 3 * * *")
    scan = Scan.objects.create(library=library, seen=3, targets=["A/B"])
    shown = Library.objects.all().with_scan_state().get()
    assert LibrarySerializer(shown).data == drf(LibrarySerializer(), shown)
    written = ScanSerializer(Scan.objects.select_related("library").get(pk=scan.pk)).data
    assert (written["id"], written["libraryName"], written["targets"], written["seen"]) == (
        str(scan.pk), "Music", ["A/B"], 3,
    )  # fmt: skip
