"""The group trust: whatever goes wrong during a sync, a mirror loses nothing, doubles nothing, and recovers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext
from itertools import chain, count
from threading import Event
from typing import TYPE_CHECKING, Final

import pytest

from soulsync_engine.errors import SoulSyncError
from soulsync_engine.mirror import ChangeType, Mirror, SyncState
from soulsync_engine.models import Item, Kind
from soulsync_engine.policy import SyncPolicy
from soulsync_engine.server import MediaServer
from soulsync_engine.sync import sync_server
from soulsync_engine.testing.conformance.disturbances import (
    DISTURBANCES,
    PATIENCE,
    Disturbance,
    Interference,
    Line,
    Recorder,
)
from soulsync_engine.testing.conformance.kit import ITEM_KINDS, SERVER, Kit
from soulsync_engine.testing.scenarios import paged

if TYPE_CHECKING:
    from soulsync_engine.testing.simulator import Simulator

_PAGE: Final = 3
_SCENARIO: Final = paged(_PAGE)

_HASTY: Final = SyncPolicy(grace_sweeps=1, grace_hours=0.0, confirm_above=1.0)
"""Whatever a sync takes for gone is gone at once: nothing that is held back hides a wrong conclusion."""

_LANES: Final = 3
"""How many servers are disturbed at the same time where that takes waiting."""

_SHARE: Final = 6
"""Where not every request is disturbed in every way, each way has one request in so many, by turns."""

Ids = Mapping[Kind, Sequence[str]]

families = pytest.mark.parametrize("family", DISTURBANCES)


class Trust:
    """Tests of syncs that are disturbed at each of their requests. They need the hook `wire`."""

    @families
    def test_a_disturbed_sync_forgets_nothing(self, kit: Kit, family: str) -> None:
        """A full sync that is disturbed at any request removes nothing and adds nothing, and the next one completes.

        Every request that brings items is disturbed in every way, each of the others in some. Users have lost libraries
        to a page that was cut short. Troubleshooting: an answer that is not what was asked for is an error, never the
        end of a listing; look at the request that the message names.
        """
        _check(kit, DISTURBANCES[family], first=False)

    @families
    def test_a_disturbed_first_sync_is_made_good(self, kit: Kit, family: str) -> None:
        """After a first sync that is disturbed at a request, the next one has everything, once.

        Every request is disturbed in some ways. New users start there. Troubleshooting: a cursor must mean
        the same place in the next sync.
        """
        _check(kit, DISTURBANCES[family], first=True)


def _check(kit: Kit, family: Mapping[str, Disturbance], *, first: bool) -> None:
    lane = _Lane(kit, first=first)
    cases = [
        (name, number)
        for name, disturbance in family.items()
        if _timeouts(kit) or not disturbance.late
        for number in lane.numbers(name, disturbance)
    ]
    if not cases:
        pytest.skip("no answer whose turn it is has anything that could be disturbed in this way")
    lanes = [lane]
    if any(disturbance.waits for disturbance in family.values()):
        lanes += [_Lane(kit, first=first) for _ in range(_LANES - 1)]

    def disturbed(place: int) -> list[str]:
        mine = cases[place :: len(lanes)]
        return [line for name, at in mine for line in lanes[place].disturbed(name, family[name], at)]

    with ThreadPoolExecutor(len(lanes)) as pool:
        complaints = list(chain(*pool.map(disturbed, range(len(lanes)))))
    assert not complaints, "\n".join(complaints)


class _Lane:
    """One server that can be disturbed, and the mirror that it is read into.

    For first syncs each disturbance has a server name of its own, of which the mirror knows nothing.
    """

    def __init__(self, kit: Kit, *, first: bool) -> None:
        seed = kit.seed(_SCENARIO, own=True)
        self._kit = kit
        self._seed = seed
        self._first = first
        self._names = (f"{SERVER}-{number}" for number in count(1))
        self._wire: Simulator = kit.author.wire(seed.settings)
        self._mirror = kit.mirror(seed.folder)
        self.line = self._record()
        self._whole = _ids(self._mirror, SERVER)
        assert [len(self._whole[kind]) for kind in ITEM_KINDS] == [len(_SCENARIO.tracks)] * 3
        if not first:
            # What a client asks for may depend on what the mirror has, or on what the client remembered on disk.
            self.line = self._record()

    def numbers(self, name: str, disturbance: Disturbance) -> Sequence[int]:
        """The requests to disturb in this way."""
        turn = list(chain(*DISTURBANCES.values())).index(name)
        chosen = [
            number
            for number in range(1, len(self.line) + 1)
            if (number + turn) % _SHARE == 0 or (not self._first and self._brings_items(number))
        ]
        return [number for number in chosen if disturbance.effects(self.line, number, Event())]

    def _brings_items(self, number: int) -> bool:
        body = self.line[number - 1].answer.body
        return not isinstance(body, bytes) or any(
            f'"{id}"'.encode() in body for ids in self._whole.values() for id in ids
        )

    def disturbed(self, what: str, disturbance: Disturbance, number: int) -> Iterator[str]:
        """What a sync that is disturbed at this request, and the next one, do wrong."""
        name = next(self._names) if self._first else SERVER
        since = self._mirror.last_seq()
        impatient = dict.fromkeys(_timeouts(self._kit), PATIENCE) if disturbance.late else {}
        with self._server(name, impatient) as server:
            outcome = self._disturb(disturbance, number, server)
            path = self.line[number - 1].path
            where = f"{what} at request {number} of {len(self.line)}, {path}, ended in {outcome}"
            yield from (f"{where}: {complaint}" for complaint in self._complaints(name, since))
            # The next sync is that of a host that goes on, or of one that was started anew.
            with nullcontext(server) if number % 2 and not disturbance.late else self._server(name) as then:
                outcome = self._synced(then, full=not self._first)
        where = f"{where}; the next sync in {outcome}"
        if outcome != SyncState.COMPLETE:
            yield where
        yield from (f"{where}: {complaint}" for complaint in self._complaints(name, since))
        if (ids := _ids(self._mirror, name)) != self._whole:
            yield f"{where}: the mirror has {ids} instead of {self._whole}"

    def _disturb(self, disturbance: Disturbance, number: int, server: MediaServer) -> str:
        """How a sync ends that is disturbed at this request."""
        stop = Event()
        interference = Interference(disturbance.effects(self.line, number, stop), lasts=disturbance.lasts)
        self._wire.forget()
        self._wire.faults.always(interference)
        outcome = self._synced(server, full=True, cancel=stop)
        self._wire.faults.clear()
        if not interference.struck and not disturbance.late:
            pytest.fail(
                f"request {number} never came, the sync ended in {outcome}: syncs of this backend differ"
            )
        return outcome

    def _synced(self, server: MediaServer, *, full: bool, cancel: Event | None = None) -> str:
        """The state in which a sync ends, or its error. An error that is not the engine's own is raised."""
        try:
            report = sync_server(server, self._mirror, policy=_HASTY, full=full, cancel=cancel)
        except SoulSyncError as error:
            return f"{type(error).__name__}: {error.message}"
        return report.state

    def _complaints(self, name: str, since: int) -> Iterator[str]:
        """What the changes since a number, and the items that are there, have that they must not have."""
        changes = [change for change in self._mirror.changes(since=since) if change.ref.server == name]
        # What a disturbed first sync stored may be made good, but not taken back.
        allowed = {ChangeType.ADDED, ChangeType.CHANGED} if self._first else set[ChangeType]()
        for change in changes:
            if change.type not in allowed:
                yield f"{change.ref} was {change.type} ({', '.join(change.fields)})"
        for what, number in Counter((change.type, change.ref) for change in changes).items():
            if number > 1:
                yield f"{what[1]} was {what[0]} {number} times"
        for kind, ids in _ids(self._mirror, name).items():
            if len(set(ids)) != len(ids):
                yield f"{kind}s are there twice: {ids}"

    def _record(self) -> Line:
        """The requests of a sync that nothing disturbs."""
        recorder = Recorder()
        self._wire.forget()
        self._wire.faults.always(recorder)
        with self._server(SERVER) as server:
            outcome = self._synced(server, full=True)
        self._wire.faults.clear()
        assert outcome == SyncState.COMPLETE
        return recorder.line

    def _server(
        self, name: str, settings: Mapping[str, object] | None = None
    ) -> AbstractContextManager[MediaServer]:
        """The server as a new host opens it, for as long as it is used."""
        return closing(self._kit.small_pages(self._seed, _PAGE, name=name, settings=settings or {}))


def _ids(mirror: Mirror, server: str) -> Ids:
    """The ids that the mirror has of a server."""
    listings: tuple[Iterable[Item], ...] = (
        mirror.iter_artists(server),
        mirror.iter_albums(server),
        mirror.iter_tracks(server),
    )
    return {
        kind: sorted(item.ref.id for item in items) for kind, items in zip(ITEM_KINDS, listings, strict=True)
    }


def _timeouts(kit: Kit) -> list[str]:
    """The settings that say for how long the backend waits for an answer."""
    return [name for name in kit.loaded.settings_class.model_fields if name.endswith("timeout")]
