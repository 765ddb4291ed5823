"""The change feed is the difference between the states, whatever the history."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from soulsync_engine.mirror import ChangeType, Mirror
from soulsync_engine.models import ArtistCredit, Kind
from soulsync_engine.sync import sync_server

ids = st.sampled_from("abcdef")
values = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["One", "Two", "東京"]),
        "path": st.sampled_from(["/1", "/2", None]),
        "genres": st.sampled_from([(), ("Pop",), ("Pop", "Rock")]),
        "artists": st.lists(st.sampled_from("xy").map(lambda name: ArtistCredit(name=name)), max_size=2).map(
            tuple
        ),
        "play_count": st.sampled_from([None, 0, 1]),
        "favorite": st.sampled_from([None, False, True]),
    }
)
states = st.dictionaries(ids, values, max_size=6)
histories = st.lists(states, min_size=1, max_size=5)
# An example takes a database; shrinking one would take minutes.
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(
    deadline=None,
    max_examples=25,
    phases=UNSHRUNK,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=histories, delta=st.booleans(), dry=st.booleans())
def test_the_feed_leads_from_each_state_to_the_next(make_shelf, serve, clients, blank, history, delta, dry):
    with (
        tempfile.TemporaryDirectory() as folder,
        Mirror.open(f"sqlite:///{shutil.copy(blank, folder)}") as mirror,
    ):
        shelf = make_shelf(page_size=2, proof="counted")
        server = serve(shelf, replace_known(clients["detailed"]) if delta else clients["plain"])
        known: dict[str, object] = {}
        uids: dict[str, str] = {}
        for number, state in enumerate(history):
            before = dict(shelf.items)
            shelf.items, shelf.changed, shelf.token = {}, [], f"t{number}"
            shelf.put(*(shelf.track(id, **content) for id, content in state.items()))
            since = mirror.last_seq()
            rehearsed = sync_server(server, mirror, dry_run=True) if dry else None
            report = sync_server(server, mirror)
            if rehearsed is not None:
                assert rehearsed.kinds == report.kinds
            seq = since
            for change in mirror.changes(since):
                seq += 1
                assert change.seq == seq
                id = change.ref.id
                assert uids.setdefault(id, change.uid) == change.uid
                old, new = known.get(id), shelf.items.get((Kind.TRACK, id))
                if change.type is ChangeType.REMOVED:
                    assert (Kind.TRACK, id) in before
                    assert new is None
                elif change.type is ChangeType.ADDED:
                    assert old is None
                    known[id] = new
                else:
                    assert (change.type is ChangeType.RESTORED) == ((Kind.TRACK, id) not in before)
                    assert replace(old, **{name: getattr(new, name) for name in change.fields}) == new
                    assert all(getattr(old, name) != getattr(new, name) for name in change.fields)
                    assert change.fields or change.type is ChangeType.RESTORED
                    known[id] = new
            assert sorted(track.ref.id for track in mirror.iter_tracks()) == sorted(state)
            assert {(Kind.TRACK, track.ref.id): track for track in mirror.iter_tracks()} == shelf.items
            assert {hit.item.ref.id for hit in mirror.search("one", limit=99)} == {
                id for id, content in state.items() if content["title"] == "One"
            }


def replace_known(client):
    """A client that remembers every token of a short history."""
    return type(client.__name__, (client,), {"known": tuple(f"t{number}" for number in range(20))})
