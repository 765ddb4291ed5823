"""The global plugins: third-party wrappers, observers, doctor checks and commands, isolated from each other."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pluggy
from importlib_metadata import EntryPoint

from soulsync_engine.contract import PROJECT
from soulsync_engine.discovery import announced
from soulsync_engine.hookspecs import DoctorCheck, GlobalHooks, ServerDescription
from soulsync_engine.spec import PLUGIN_GROUP

if TYPE_CHECKING:
    from typer import Typer

_log = logging.getLogger(__name__)


class GlobalPlugins:
    """The plugins of the group `soulsync_engine.plugins`. One that cannot be loaded is logged and left out."""

    def __init__(self, plugins: Iterable[object] = ()) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(GlobalHooks)
        for plugin in plugins:
            self._manager.register(plugin)

    @classmethod
    def installed(cls) -> GlobalPlugins:
        """All plugins that installed distributions announce."""
        loaded = (_load(entry) for entry in announced(PLUGIN_GROUP))
        plugins = cls()
        for name, plugin in (found for found in loaded if found is not None):
            try:
                plugins._manager.register(plugin, name)
            except (ValueError, pluggy.PluginValidationError) as error:
                _log.warning("The plugin %s is left out: %s", name, error)
        return plugins

    def wrappers(self, server: ServerDescription) -> list[object]:
        """What plugins contribute to the bus of one server."""
        return [
            wrapper for wrapper in self._each("soulsync_wrap_server", server=server) if wrapper is not None
        ]

    def doctor_checks(self) -> list[DoctorCheck]:
        """All contributed checks."""
        contributed = self._each("soulsync_doctor_checks")
        return [check for checks in contributed if isinstance(checks, list) for check in checks]

    def add_commands(self, app: Typer) -> None:
        """Let plugins add their commands to the command line."""
        self.notify("soulsync_cli_commands", app=app)

    def notify(self, hook: str, **facts: object) -> None:
        """Tell every observer; what they return or raise changes nothing."""
        for _ in self._each(hook, **facts):
            pass

    def _each(self, hook: str, **arguments: object) -> Iterator[object]:
        """Every plugin's answer, the last registered first, without those that raised.

        Not by pluggy's own call, where the first one that raises silences the others.
        """
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            try:
                answer: object = implementation.function(
                    *(arguments[name] for name in implementation.argnames)
                )
            except Exception:  # noqa: BLE001 - an observer may raise anything
                _log.exception("The plugin %s failed in %s", implementation.plugin_name, hook)
            else:
                yield answer


def _load(entry: EntryPoint) -> tuple[str, object] | None:
    try:
        return entry.name, entry.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001
        # One plugin that cannot be imported must not take the host down.
        _log.warning("The plugin %s is left out, it cannot be loaded: %r", entry.name, error)
        return None
