"""What items are made of: values that are cheap to make, since a library has a million of them.

A frozen dataclass of Track's size takes four times as long to make as the same msgspec struct, which was most of the
work of mapping a page; and the garbage collector looks at every dataclass it can reach again and again, never at these.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec


class _DataclassFields:
    """The fields as `dataclasses` describes them, made when somebody asks."""

    def __init__(self) -> None:
        self._made: dict[type[msgspec.Struct], dict[str, dataclasses.Field[Any]]] = {}

    def __get__(self, instance: object, owner: type[msgspec.Struct]) -> Mapping[str, dataclasses.Field[Any]]:
        found = self._made.get(owner)
        if found is None:
            # As written in the source, like those of a dataclass.
            written: dict[str, Any] = {}
            for base in reversed(owner.__mro__):
                written |= inspect.get_annotations(base)
            described = [
                (entry.name, written[entry.name], dataclasses.field(default=_default(entry)))
                for entry in msgspec.structs.fields(owner)
            ]
            twin = dataclasses.make_dataclass(owner.__name__, described, frozen=True)
            found = self._made[owner] = {entry.name: entry for entry in dataclasses.fields(twin)}
        return found


def _default(entry: msgspec.structs.FieldInfo) -> Any:
    return dataclasses.MISSING if entry.default is msgspec.NODEFAULT else entry.default


class Value(msgspec.Struct, frozen=True, gc=False):
    """An immutable value, equal to others of its content and hashable.

    `dataclasses.replace`, `asdict` and `fields` work on it as on a frozen dataclass, and so does
    `msgspec.json.encode`. Subclasses hold nothing but values, so that no cycle can come to be.
    """

    __dataclass_fields__: ClassVar[_DataclassFields] = _DataclassFields()
