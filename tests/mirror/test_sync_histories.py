"""The change feed is the difference between the states, whatever the history."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from soulsync_engine.mirror import Change, ChangeType, Mirror
from soulsync_engine.models import ArtistCredit, Kind, Track
from soulsync_engine.policy import SyncPolicy
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
@given(history=histories, delta=st.booleans(), dry=st.booleans(), grace=st.sampled_from([1, 2]))
def test_the_feed_leads_from_each_state_to_the_next(
    make_shelf, serve, clients, blank, history, delta, dry, grace
):
    policy = SyncPolicy(grace_sweeps=grace, confirm_above=1.0)
    with (
        tempfile.TemporaryDirectory() as folder,
        Mirror.open(f"sqlite:///{shutil.copy(blank, folder)}") as mirror,
    ):
        shelf = make_shelf(page_size=2, proof="counted")
        server = serve(shelf, replace_known(clients["detailed"]) if delta else clients["plain"])
        replica: dict[str, Track] = {}
        gone: dict[str, Track] = {}
        for number, state in enumerate(history):
            shelf.items, shelf.changed, shelf.token = {}, [], f"t{number}"
            shelf.put(*(shelf.track(id, **content) for id, content in state.items()))
            since = mirror.last_seq()
            rehearsed = sync_server(server, mirror, policy=policy, dry_run=True) if dry else None
            report = sync_server(server, mirror, policy=policy)
            if rehearsed is not None:
                assert rehearsed.kinds == report.kinds
            # What is gone may have to be seen to be gone a second time.
            sync_server(server, mirror, policy=policy)
            for seq, change in enumerate(mirror.changes(since), start=since + 1):
                assert change.seq == seq
                apply(change, replica, gone, shelf)
            assert sorted(track.ref.id for track in replica.values()) == sorted(state)
            assert {(Kind.TRACK, track.ref.id): track for track in replica.values()} == shelf.items
            assert list(mirror.iter_tracks()) == [replica[uid] for uid in sorted(replica, key=int)]
            assert {hit.uid for hit in mirror.search("one", limit=99)} == {
                uid for uid, track in replica.items() if track.title == "One"
            }


def apply(change: Change, replica: dict[str, Track], gone: dict[str, Track], shelf: object) -> None:
    """Do to a copy of the library what the feed says, looking at the server only for the fields that it names."""
    if change.type is ChangeType.REMOVED:
        gone[change.uid] = replica.pop(change.uid)
        return
    new = shelf.items[Kind.TRACK, change.ref.id]
    if change.type is ChangeType.ADDED:
        assert change.uid not in replica
        assert change.uid not in gone
        replica[change.uid] = new
        return
    old = gone.pop(change.uid) if change.type is ChangeType.RESTORED else replica[change.uid]
    if change.type is not ChangeType.RESTORED:
        assert (change.type is ChangeType.REMAPPED) == (old.ref != new.ref)
    values = {name: getattr(new, name) for name in change.fields}
    assert all(getattr(old, name) != value for name, value in values.items())
    assert change.fields or change.type in (ChangeType.RESTORED, ChangeType.REMAPPED)
    replica[change.uid] = replace(old, ref=new.ref, **values)


def replace_known(client):
    """A client that remembers every token of a short history."""
    return type(client.__name__, (client,), {"known": tuple(f"t{number}" for number in range(20))})
