"""What a method of `/rest` reads of its parameters: with others beside them, it answers the same again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.http import HttpRequest

from subsonic.params import Params


class NotedValues(Mapping[str, list[str]]):
    """Parameters that note which names were looked for, and whether all of them were looked at."""

    def __init__(self, values: Mapping[str, list[str]]) -> None:
        self._values = values
        self.names: set[str] = set()
        self.whole = False

    def __getitem__(self, name: str) -> list[str]:
        self.names.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        self.whole = True
        return iter(self._values)

    def __len__(self) -> int:
        self.whole = True
        return len(self._values)

    def may_matter(self, parameters: Mapping[str, Any]) -> bool:
        """Whether the answer may be another one with these parameters."""
        return self.whole or bool(self.names & parameters.keys())


class NotedParams(Params):
    """The parameters of calls, of which the last one's are kept."""

    last: ClassVar[NotedValues]

    def __init__(self, values: Mapping[str, list[str]], request: HttpRequest | None = None) -> None:
        noted = NotedValues(values)
        if request is not None:
            type(self).last = noted
        super().__init__(noted, request)
