"""Loading a backend fails in its stage, with the distribution's name and the next step."""

import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import pytest

from soulsync_engine import MediaServerEngine
from soulsync_engine.contract import MediaServerClient
from soulsync_engine.discovery import BackendRecord, in_process
from soulsync_engine.errors import BackendLoadError, ContractMismatchError
from soulsync_engine.loading import load
from soulsync_engine.models import Kind, Page, Scope, Track
from soulsync_engine.plugin import BackendSettings
from soulsync_engine.testing.reference import ReferenceServer, backend
from soulsync_engine.testing.reference.client import ReferenceClient
from soulsync_engine.testing.scenarios import small

MODULE = "backend_under_test"


class Defaulted(ReferenceClient):
    def list_tracks(self, scope: Scope, cursor: str | None = None, limit: int = 5) -> Page[Track]:
        return super().list_tracks(scope, cursor, limit)


class KeywordOnly(ReferenceClient):
    def list_tracks(self, *, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:  # type: ignore[override]
        return super().list_tracks(scope, cursor, limit)


class Misspelt(ReferenceClient):
    def list_tracks(self, scope: Scope, curser: str | None, limit: int) -> Page[Track]:
        return super().list_tracks(scope, curser, limit)


class Asynchronous(ReferenceClient):
    async def list_libraries(self) -> tuple[()]:  # type: ignore[override]
        return ()


class Lazy(ReferenceClient):
    def list_users(self) -> Iterator[None]:  # type: ignore[override]
        yield None


class Limited(ReferenceClient):
    limitations: ClassVar = {"watch": "no"}


class Claiming(ReferenceClient):
    claims = "delete_playlist"  # type: ignore[assignment]


class Unfinished(MediaServerClient):
    pass


class Frugal(ReferenceClient):
    """Takes fewer parameters than the contract has, which is allowed."""

    def list_tracks(self, cursor: str | None, limit: int) -> Page[Track]:  # type: ignore[override]
        return super().list_tracks(Scope(), cursor, limit)


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    made = types.ModuleType(MODULE)
    made.backend = backend  # type: ignore[attr-defined]
    for client in (
        Limited,
        Claiming,
        Defaulted,
        KeywordOnly,
        Misspelt,
        Asynchronous,
        Lazy,
        Unfinished,
        Frugal,
    ):
        setattr(made, client.__name__, client)
    made.Settings = BackendSettings  # type: ignore[attr-defined]
    sys.modules[MODULE] = made
    yield made
    del sys.modules[MODULE]


def record(value: str = f"{MODULE}:backend") -> BackendRecord:
    return BackendRecord(name="reference", distribution="soulsync-shelf", version="1.0", value=value)


def client_record(client: str) -> BackendRecord:
    [made] = in_process(replace(backend, client=f"{MODULE}:{client}"))
    return replace(made, distribution="soulsync-shelf", version="1.0")


def test_a_sound_backend_loads_with_its_capabilities(module: types.ModuleType) -> None:
    loaded = load(record())
    assert loaded.client_class is ReferenceClient
    assert loaded.capabilities.offers(*loaded.capabilities)
    assert not loaded.capabilities.connected


def test_a_module_that_is_gone_is_told_from_a_missing_dependency(tmp_path, monkeypatch) -> None:
    (tmp_path / "needs_more.py").write_text("import a_dependency_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BackendLoadError, match=r"needs the module 'a_dependency_nobody_has'") as caught:
        load(record("needs_more:backend"))
    assert "pip install --force-reinstall soulsync-shelf" in str(caught.value)
    with pytest.raises(BackendLoadError, match="no_such_module:backend of soulsync-shelf does not exist"):
        load(record("no_such_module:backend"))


@pytest.mark.parametrize("body", ["1 / 0", "raise SystemExit(3)", "def ("])
def test_whatever_a_module_does_at_import_becomes_a_load_error(tmp_path, monkeypatch, body: str) -> None:
    (tmp_path / "broken_at_import.py").write_text(body + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BackendLoadError, match="fails while broken_at_import is imported") as caught:
        load(record("broken_at_import:backend"))
    assert caught.value.stage == "import"
    assert caught.value.distribution == "soulsync-shelf"


def test_a_missing_attribute_and_a_wrong_object_are_load_errors(module: types.ModuleType) -> None:
    with pytest.raises(BackendLoadError, match="does not exist"):
        load(record(f"{MODULE}:nothing"))
    with pytest.raises(BackendLoadError, match="is a ABCMeta, not a BackendSpec") as caught:
        load(record(f"{MODULE}:Frugal"))
    assert caught.value.stage == "spec"


def test_a_spec_under_another_name_is_refused(module: types.ModuleType) -> None:
    with pytest.raises(
        BackendLoadError, match="announces a backend 'shelf', but its spec is named 'reference'"
    ):
        load(replace(record(), name="shelf"))


@pytest.mark.parametrize(("contract", "behind"), [(0, "soulsync-shelf"), (99, "soulsync-engine")])
def test_another_contract_says_which_side_to_upgrade(
    module: types.ModuleType, contract: int, behind: str
) -> None:
    module.backend = replace(backend, contract=contract)  # type: ignore[attr-defined]
    with pytest.raises(ContractMismatchError, match=f"contract {contract}; this engine speaks 1") as caught:
        load(record())
    assert caught.value.next_step == f"Upgrade {behind}: pip install --upgrade {behind}"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("contract", "1", "contract is not a whole number"),
        ("contract", True, "contract is not a whole number"),
        ("client", None, "client is not a text"),
        ("settings", BackendSettings, "settings is not a text"),
    ],
)
def test_a_spec_with_a_value_of_the_wrong_type_is_refused(
    module: types.ModuleType, field: str, value: object, sentence: str
) -> None:
    module.backend = replace(backend, **{field: value})  # type: ignore[attr-defined,arg-type]
    with pytest.raises(BackendLoadError, match=sentence) as caught:
        load(record())
    assert caught.value.stage == "spec"


@pytest.mark.parametrize(
    ("client", "sentence"),
    [
        ("Limited", "Limited.limitations does not give a Support for each operation's name"),
        ("Claiming", "Claiming.claims is not a set"),
        ("Defaulted", "Defaulted.list_tracks: 'cursor' must not have a default"),
        ("KeywordOnly", "KeywordOnly.list_tracks: 'scope' must be an ordinary parameter"),
        ("Misspelt", "Misspelt.list_tracks has an unknown parameter 'curser'"),
        ("Asynchronous", "Asynchronous.list_libraries must not be async"),
        ("Lazy", "Lazy.list_users must return a value, not yield"),
        ("Unfinished", "Unfinished lacks the required connect, get_items"),
        ("Settings", f"{MODULE}:Settings is not a MediaServerClient class"),
    ],
)
def test_a_client_that_does_not_fit_is_refused_at_load(
    module: types.ModuleType, client: str, sentence: str
) -> None:
    with pytest.raises(BackendLoadError, match="does not fit the contract") as caught:
        load(client_record(client))
    assert sentence in caught.value.message
    assert caught.value.stage == "contract"


def test_a_client_may_take_fewer_parameters(module: types.ModuleType) -> None:
    assert load(client_record("Frugal")).client_class is Frugal


def test_ids_can_be_listed_by_a_client_that_takes_fewer_parameters(module: types.ModuleType) -> None:
    server = ReferenceServer(small())
    config = {"servers": {"music": server.settings()}}
    with MediaServerEngine(config, records=[client_record("Frugal")]) as engine:
        assert len(engine.list_ids(Kind.TRACK).items) == len(engine.list_tracks().items) == 17
