"""Simulated servers, and clients and engines opened on them."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import pytest

from soulsync_engine.contract import ServerContext
from soulsync_engine.engine import MediaServerEngine
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import Scenario, small
from soulsync_engine.testing.simulator import Answer
from soulsync_jellyfin.client import EmbyClient, JellyfinClient
from soulsync_jellyfin.settings import EmbySettings, JellyfinSettings
from soulsync_jellyfin.simulator import (
    JELLYFIN_10_11,
    Credentials,
    JellyfinSimulator,
    Personality,
)

SHARED = Path(os.environ.get("SOULSYNC_SHARED", Path(__file__).resolve().parents[4] / "shared"))

Simulate = Callable[..., JellyfinSimulator]
OpenClient = Callable[..., JellyfinClient]
OpenServer = Callable[..., MediaServer]


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared folder with recorded answers is not beside this checkout")
    return SHARED


@cache
def _document(version: str) -> Description | None:
    path = SHARED / "specs" / f"jellyfin-openapi-{version}.json"
    if not path.is_file() or importlib.util.find_spec("jsonschema_rs") is None:
        return None
    return Description(path)


@pytest.fixture(scope="session")
def described() -> Callable[[Personality], Description | None]:
    """The document for a personality; None without one, or without what checks by it."""

    def describe(personality: Personality) -> Description | None:
        if personality.emby:
            return None
        return _document("12.0.0" if personality.version.startswith("12") else "10.11.11")

    return describe


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def simulate(stack: ExitStack, described: Callable[[Personality], Description | None]) -> Simulate:
    def start(
        scenario: Scenario | None = None,
        personality: Personality = JELLYFIN_10_11,
        *,
        prefix: str = "",
        checked: bool = True,
    ) -> JellyfinSimulator:
        description = described(personality) if checked else None
        simulator = JellyfinSimulator(
            small() if scenario is None else scenario,
            personality=personality,
            check=description.check if description else None,
            prefix=prefix,
        )
        return stack.enter_context(simulator)

    return start


@pytest.fixture
def client_of(stack: ExitStack, tmp_path: Path) -> OpenClient:
    def open_client(
        simulator: JellyfinSimulator,
        credentials: Credentials = Credentials.ADMIN_KEY,
        *,
        data_dir: Path | None = None,
        conceal: Callable[[str], None] = lambda secret: None,
        **settings: object,
    ) -> JellyfinClient:
        given = {**simulator.settings(credentials), "retries": 0, **settings}
        emby = simulator.personality.emby
        model = (EmbySettings if emby else JellyfinSettings).model_validate(given)
        context = ServerContext(
            server="attic",
            settings=model,
            data_dir=data_dir or tmp_path / "data",
            log=logging.getLogger("soulsync_engine.server.attic"),
            conceal=conceal,
        )
        client = (EmbyClient if emby else JellyfinClient)(context)
        stack.callback(client.close)
        return client

    return open_client


@pytest.fixture
def server_of(stack: ExitStack, tmp_path: Path) -> OpenServer:
    def open_server(
        simulator: JellyfinSimulator, credentials: Credentials = Credentials.ADMIN_KEY, **settings: object
    ) -> MediaServer:
        given = {**simulator.settings(credentials), "retries": 0, **settings}
        backend = "emby" if simulator.personality.emby else "jellyfin"
        config = {
            "server": {"active": "attic"},
            "servers": {"attic": {"backend": backend, **given}},
            "mirror": {"url": f"sqlite:///{(tmp_path / 'mirror.db').as_posix()}"},
            "engine": {"data_dir": str(tmp_path / "data")},
        }
        engine = stack.enter_context(MediaServerEngine(config, plugins=GlobalPlugins()))
        return engine.server("attic")

    return open_server


_REF: Final = "#/components/schemas/"
_RELAXED: Final = "uuid"
"""The one format that the documents have wrong: servers write 32 digits without dashes."""

Json = dict[str, object]


class Validator(Protocol):
    """A compiled schema, of jsonschema-rs."""

    def iter_errors(self, instance: object) -> Iterator[Any]: ...


class Description:
    """The OpenAPI document that the server's authors publish, to check answers against.

    Schemas are compiled when an operation is first answered, and kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._validators: dict[tuple[str, str, int], Validator | None] = {}

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

    def _compiled(self, method: str, path: str, status: int) -> Validator | None:
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
        validators = importlib.import_module("jsonschema_rs")
        return validators.Draft202012Validator(whole, validate_formats=True)

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
