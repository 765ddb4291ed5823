"""The groups scan, users, sessions and watch: what the server is doing, and for whom."""

from __future__ import annotations

import time

from soulsync_engine.models import ChangeHint, ScanPhase, ScanState
from soulsync_engine.testing.conformance.kit import Kit, require
from soulsync_engine.testing.scenarios import small

_PATIENCE = 30.0


class Scanning:
    """Tests of `trigger_scan` and `scan_state`."""

    def test_a_scan_starts_and_ends(self, kit: Kit) -> None:
        """A scan that was asked for is over at some time, and its state is a value in between.

        Hosts wait for it. Troubleshooting: `UNKNOWN` is for servers that will not tell, not for "not running".
        """
        server = kit.server(small(), own=True)
        require(server, "trigger_scan", "scan_state")
        state = server.trigger_scan()
        deadline = time.monotonic() + _PATIENCE
        while state.phase is ScanPhase.RUNNING and time.monotonic() < deadline:
            assert state.progress is None or 0.0 <= state.progress <= 1.0
            state = server.scan_state()
            time.sleep(0.01)
        assert state.phase in (ScanPhase.IDLE, ScanPhase.UNKNOWN), f"still scanning after {_PATIENCE:.0f} s"
        assert len(list(server.iter_tracks())) == len(small().tracks)

    def test_the_state_of_a_server_at_rest_is_a_value(self, kit: Kit) -> None:
        """The state is told without a scan having been asked for, with aware times.

        Troubleshooting: see `test_a_scan_starts_and_ends`.
        """
        server = kit.server(small())
        require(server, "scan_state")
        state = server.scan_state()
        assert isinstance(state, ScanState)
        assert state.last_finished is None or state.last_finished.utcoffset() is not None


class Watching:
    """Tests of `list_users`, `list_active_plays`, `watch` and `parse_webhook`."""

    def test_users_have_names_and_ids(self, kit: Kit) -> None:
        """The users are listed, each once, and the user of the credentials is among them where he has a name.

        Troubleshooting: list what the credentials may see; that may be one user.
        """
        server = kit.server(small())
        require(server, "list_users")
        users = server.list_users()
        assert len({user.id for user in users}) == len(users)
        assert all(user.name.strip() for user in users)
        own = server.connect().user
        assert own is None or own in {user.name for user in users}

    def test_a_silent_server_plays_nothing(self, kit: Kit) -> None:
        """While nobody listens, nothing is being played.

        Troubleshooting: leave out sessions that have ended.
        """
        server = kit.server(small(), own=True)
        require(server, "list_active_plays")
        assert server.list_active_plays() == ()

    def test_watching_ends_after_its_time(self, kit: Kit) -> None:
        """`watch` returns a hint within its time, also when nothing changed.

        Hosts watch in a loop that they want to leave. Troubleshooting: pass the timeout on to the connection.
        """
        server = kit.server(small(), own=True)
        require(server, "watch")
        started = time.monotonic()
        assert isinstance(server.watch(0.2), ChangeHint)
        assert time.monotonic() - started < 5

    def test_webhooks_are_not_trusted(self, kit: Kit) -> None:
        """Whatever is posted to a webhook is read or ignored, without an error or a request.

        Anybody can post to it. Troubleshooting: expect any bytes.
        """
        server = kit.server(small())
        require(server, "parse_webhook")
        for body in (
            b"",
            b"{",
            b"[]",
            b'"text"',
            b"\xff\xfe\x00",
            b"null",
            b"<xml/>",
            b"[" * 5000,
            b'{"event": {"a": 1}}',
        ):
            assert isinstance(server.parse_webhook({}, body), ChangeHint)
