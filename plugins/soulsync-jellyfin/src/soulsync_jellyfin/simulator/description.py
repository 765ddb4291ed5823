"""Answers checked against the OpenAPI document that the server's authors publish. Needs jsonschema-rs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

import jsonschema_rs
import msgspec

from soulsync_engine.testing.simulator import Answer

_REF: Final = "#/components/schemas/"
_RELAXED: Final = "uuid"
"""The one format that the documents have wrong: servers write 32 digits without dashes."""

Json = dict[str, object]


class Description:
    """One document. Schemas are compiled when an operation is first answered, and kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._validators: dict[tuple[str, str, int], jsonschema_rs.Draft202012Validator | None] = {}

    def parameters(self, method: str, path: str) -> frozenset[str] | None:
        """The query parameters of an operation, in lower case; None for one that is not described."""
        operation = self._operation(method, path)
        if operation is None:
            return None
        declared = operation.get("parameters")
        return frozenset(
            str(each["name"]).lower()
            for each in (declared if isinstance(declared, list) else [])
            if each["in"] == "query"
        )

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Raise `AssertionError` for an answer of another shape than described."""
        if answer.status is None or not isinstance(answer.body, bytes):
            return
        key = (method, path, answer.status)
        if key not in self._validators:
            self._validators[key] = self._compiled(*key)
        validator = self._validators[key]
        if validator is None:
            return
        problem = next(iter(validator.iter_errors(msgspec.json.decode(answer.body))), None)
        if problem is not None:
            place = "/".join(map(str, problem.instance_path))
            raise AssertionError(f"{method} {path} {answer.status}: {place}: {problem.message[:500]}")

    @cached_property
    def _document(self) -> Json:
        return msgspec.json.decode(self._path.read_bytes(), type=dict[str, object])

    @cached_property
    def _operations(self) -> dict[tuple[str, str], Json]:
        paths = self._document["paths"]
        assert isinstance(paths, dict)
        return {
            (method.upper(), path.lower()): operation
            for path, item in paths.items()
            for method, operation in item.items()
            if isinstance(operation, dict)
        }

    def _operation(self, method: str, path: str) -> Json | None:
        return self._operations.get((method, path.lower()))

    def _compiled(self, method: str, path: str, status: int) -> jsonschema_rs.Draft202012Validator | None:
        operation = self._operation(method, path)
        if operation is None:
            return None
        responses = operation["responses"]
        assert isinstance(responses, dict)
        response = responses.get(str(status))
        if response is None:
            # Statuses that any operation may have are not repeated for each.
            assert status in (206, 400, 401, 403, 404, 500), f"{method} {path} never answers {status}"
            return None
        content = response.get("content") or {}
        schema = (content.get("application/json") or {}).get("schema")
        # Refusals are told as texts where the document promises problems [A 1.11].
        if schema is None or status >= 400:
            return None
        needed = {name: _converted(self._schema(name)) for name in self._closure(schema)}
        whole = {**_object(_converted(schema)), "components": {"schemas": needed}}
        return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)

    def _schema(self, name: str) -> object:
        components = self._document["components"]
        assert isinstance(components, dict)
        return components["schemas"][name]

    def _closure(self, schema: object) -> set[str]:
        """The names of all schemas that this one needs."""
        found: set[str] = set()
        waiting = list(_references(schema))
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(_references(self._schema(name)))
        return found


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_REF)
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _converted(schema: object) -> object:
    """OpenAPI 3.0 as JSON Schema: what is nullable may be null."""
    if isinstance(schema, list):
        return [_converted(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        name: _converted(value)
        for name, value in schema.items()
        if name not in ("nullable", "description", "discriminator", "deprecated")
        and not (name == "format" and value == _RELAXED)
    }
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") is True else kept


def _object(schema: object) -> Json:
    assert isinstance(schema, dict)
    return schema
