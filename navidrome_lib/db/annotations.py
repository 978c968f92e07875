"""Values that a query adds to the rows of a model, declared on the model with their types."""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class Annotation(Generic[T]):
    """A value that only the query method `source` adds; to read it from a row of another query is an error.

    Django sets what it annotates on the instance, which then hides this descriptor.
    """

    def __init__(self, source: str) -> None:
        self.source = source

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        raise AttributeError(f"{owner.__name__}.{self.name} was not read: query it by `{self.source}()`.")
