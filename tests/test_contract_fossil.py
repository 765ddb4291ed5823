"""Backends of the past keep working: a frozen one is run against today's engine."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulsync_engine.discovery import BackendRecord
from soulsync_engine.engine import MediaServerEngine
from soulsync_engine.errors import AuthenticationError, NotFoundError, UnsupportedError
from soulsync_engine.models import Kind, ServerState
from soulsync_engine.plugins import GlobalPlugins

FOSSIL = Path(__file__).parent / "fossil" / "soulsync_fossil.py"
FROZEN = "b2ce230c7f882170869217dca7367ce13b52d747c84770cee31c75a675cc5289"

RECORD = BackendRecord(
    name="fossil", distribution="soulsync-fossil", version="0.1", value="soulsync_fossil:backend"
)


def engine_with(tmp_path: Path, token: str) -> MediaServerEngine:
    config = {
        "server": {"active": "stone"},
        "servers": {"stone": {"backend": "fossil", "token": token}},
        "engine": {"data_dir": str(tmp_path)},
    }
    return MediaServerEngine(config, records=[RECORD], plugins=GlobalPlugins())


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaServerEngine]:
    monkeypatch.syspath_prepend(str(FOSSIL.parent))
    with engine_with(tmp_path, "chisel") as opened:
        yield opened
    sys.modules.pop("soulsync_fossil", None)


def test_the_fossil_was_not_touched() -> None:
    assert hashlib.sha256(FOSSIL.read_bytes()).hexdigest() == FROZEN


def test_it_opens_and_answers(engine: MediaServerEngine) -> None:
    assert engine.status().state is ServerState.READY
    assert [library.name for library in engine.list_libraries()] == ["Stone"]
    assert [artist.name for artist in engine.get_all_artists()] == ["Ammonite"]
    assert engine.get_all_album_ids() == {"album"}


def test_parameters_it_does_not_take_are_not_given_to_it(engine: MediaServerEngine) -> None:
    assert [hit.title for hit in engine.search("layer 3", {Kind.TRACK}, limit=5).tracks] == ["Layer 3"]
    assert [track.title for track in engine.iter_tracks(page_size=2)] == [f"Layer {n}" for n in range(1, 6)]


def test_defaults_of_the_contract_still_serve_it(engine: MediaServerEngine) -> None:
    assert engine.list_ids(Kind.TRACK, limit=3).items == ("1", "2", "3")
    assert [item.ref.id for item in engine.get_items(Kind.TRACK, ("5", "none", "1"))] == ["5", "1"]


def test_what_it_cannot_do_is_still_refused_with_its_reason(engine: MediaServerEngine) -> None:
    with pytest.raises(UnsupportedError, match="stone does not change"):
        engine.trigger_scan()
    with pytest.raises(UnsupportedError):
        engine.set_favorite(Kind.TRACK, "1", True)


def test_its_errors_still_mean_the_same(engine: MediaServerEngine, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        engine.list_users()
    with engine_with(tmp_path, "wrong") as refused, pytest.raises(AuthenticationError):
        refused.list_libraries()
