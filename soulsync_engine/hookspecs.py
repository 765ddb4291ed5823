"""The global hooks, for plugins of the group `soulsync_engine.plugins`.

Names in the past tense are observers: what they return is ignored, and one that raises is logged and
does not keep the others from running. The other hooks are contributions, and their results are used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pluggy

from soulsync_engine.contract import PROJECT
from soulsync_engine.models import ServerInfo

if TYPE_CHECKING:
    from typer import Typer

hookspec = pluggy.HookspecMarker(PROJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDescription:
    """A configured server, described without its connection or its settings."""

    server: str
    backend: str
    distribution: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorCheck:
    """One more check for `soulsync doctor`. `run` returns a finding, or raises an error of the tree."""

    name: str
    run: Callable[[], str]


class GlobalHooks:
    """Every global hook."""

    @hookspec
    def soulsync_wrap_server(self, server: ServerDescription) -> object | None:
        """Contribute a plugin whose `hookimpl(wrapper=True)` methods wrap this server's operations.

        The methods are named as in the contract. A wrapper runs an operation exactly once.
        """

    @hookspec
    def soulsync_doctor_checks(self) -> list[DoctorCheck] | None:
        """Contribute checks to `soulsync doctor`."""

    @hookspec
    def soulsync_cli_commands(self, app: Typer) -> None:
        """Add commands to the `soulsync` command line."""

    @hookspec
    def soulsync_server_opened(self, server: ServerDescription) -> None:
        """A server was opened; no request has been made yet."""

    @hookspec
    def soulsync_server_connected(self, server: ServerDescription, info: ServerInfo) -> None:
        """A server answered and accepted the credentials."""

    @hookspec
    def soulsync_server_failed(self, server: ServerDescription, error: Exception) -> None:
        """A server that could be used until now, or was never tried, cannot be used."""

    @hookspec
    def soulsync_sync_finished(self, server: ServerDescription, summary: str) -> None:
        """A sync of the mirror with this server ended well."""
