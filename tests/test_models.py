"""The values that cross the contract."""

import dataclasses
import gc
import pickle

import pytest

from soulsync_engine import models
from soulsync_engine.models import ArtistCredit, ItemRef, Kind, MediaBytes, MediaRequest, Page, Track
from soulsync_engine.models.value import Value

VALUES = [
    value for value in vars(models).values() if isinstance(value, type) and dataclasses.is_dataclass(value)
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_every_value_is_immutable_and_hashable_by_content(value: type) -> None:
    config = value.__struct_config__ if issubclass(value, Value) else value.__dataclass_params__  # type: ignore[attr-defined]
    assert config.frozen
    assert config.eq


def test_items_are_dataclasses_to_those_who_treat_them_so() -> None:
    credit = ArtistCredit(name="Tidal Kites", id="7")
    track = Track(ref=ItemRef("home", Kind.TRACK, "1"), title="Rope", artists=(credit,))
    renamed = dataclasses.replace(track, title="Line")
    assert (renamed.title, renamed.artists, renamed == track) == ("Line", (credit,), False)
    assert [entry.name for entry in dataclasses.fields(ItemRef)] == ["server", "kind", "id"]
    assert dataclasses.fields(Track)[1].default is dataclasses.MISSING
    assert dataclasses.asdict(track)["artists"] == ({"name": "Tidal Kites", "id": "7"},)
    with pytest.raises(AttributeError):
        track.title = "Line"  # type: ignore[misc]


def test_items_survive_a_journey_to_another_process() -> None:
    track = Track(ref=ItemRef("home", Kind.TRACK, "1"), title="Rope", genres=("Rock",))
    assert pickle.loads(pickle.dumps(track)) == track
    assert hash(pickle.loads(pickle.dumps(track))) == hash(track)


def test_the_garbage_collector_passes_over_items() -> None:
    assert not gc.is_tracked(Track(ref=ItemRef("home", Kind.TRACK, "1"), title="Rope"))


def test_a_page_can_be_built_with_its_parameter() -> None:
    page = Page[str](items=("a",))
    assert page == Page(items=("a",))


def test_two_servers_with_one_id_are_two_items() -> None:
    assert ItemRef("home", Kind.TRACK, "1") != ItemRef("attic", Kind.TRACK, "1")
    assert str(ItemRef("home", Kind.TRACK, "1")) == "home:track:1"


def test_credentials_and_bytes_are_not_in_a_repr() -> None:
    request = MediaRequest(url="http://host/cover", headers={"X-Token": "s3cret"})
    assert "s3cret" not in repr(request)
    assert "PNG" not in repr(MediaBytes(data=b"PNG", mime_type="image/png"))


def test_what_a_server_does_not_say_is_none_and_lists_are_tuples() -> None:
    track = Track(ref=ItemRef("home", Kind.TRACK, "1"), title="Untitled")
    assert track.duration_ms is None
    assert track.genres == ()
    assert track.omitted == frozenset()
