"""The bus of one opened server: a small PluginManager with exactly one implementer.

One manager for all servers would answer "the last registered" where the active one is meant, and would
pass a missing answer on to another server. Wrappers contributed by plugins surround the implementer.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterable

import pluggy

from soulsync_engine.contract import OPERATIONS, PROJECT, MediaServerClient

_log = logging.getLogger(__name__)


class ServerBus(pluggy.PluginManager):
    """Calls one client through pluggy. Everything is registered here; nothing during calls."""

    def __init__(self, client: MediaServerClient, wrappers: Iterable[object] = ()) -> None:
        super().__init__(PROJECT)
        self.add_hookspecs(MediaServerClient)
        self.register(client, name="client")
        for wrapper in wrappers:
            self._add(wrapper)

    def _add(self, wrapper: object) -> None:
        """A wrapper that does not fit the contract, or is there already, is logged and left out."""
        if self.is_registered(wrapper):
            _log.warning("The wrapper %r is left out: it equals one that is there already", wrapper)
            return
        try:
            self.register(wrapper)
            self.check_pending()
        except pluggy.PluginValidationError as error:
            if self.is_registered(wrapper):
                self.unregister(wrapper)
            _log.warning("The wrapper %r is left out: %s", wrapper, error)

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """A client's methods implement by their name, since a forgotten decorator would be a silent None."""
        if not isinstance(plugin, MediaServerClient):
            return super().parse_hookimpl_opts(plugin, name)
        if name not in OPERATIONS:
            return None
        return pluggy.HookimplOpts(
            wrapper=False,
            hookwrapper=False,
            optionalhook=False,
            tryfirst=False,
            trylast=False,
            specname=None,
        )


def signature_problems(client: type) -> list[str]:
    """What is wrong with the signatures of a client class, one sentence each.

    pluggy alone notices a keyword-only parameter only when the method is called, never notices a
    misspelt one that has a default, and would hand a coroutine to the host.
    """
    problems: list[str] = []
    for name in OPERATIONS:
        method = getattr(client, name)
        where = f"{client.__name__}.{name}"
        if not inspect.isfunction(method):
            problems.append(f"{where} must be an ordinary method")
            continue
        if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
            problems.append(f"{where} must not be async")
        elif inspect.isgeneratorfunction(method):
            problems.append(f"{where} must return a value, not yield")
        wanted = inspect.signature(getattr(MediaServerClient, name)).parameters
        for parameter in inspect.signature(method).parameters.values():
            if parameter.name not in wanted:
                problems.append(f"{where} has an unknown parameter {parameter.name!r}")
            elif parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
                problems.append(f"{where}: {parameter.name!r} must be an ordinary parameter")
            elif parameter.default is not inspect.Parameter.empty:
                problems.append(f"{where}: {parameter.name!r} must not have a default")
    return problems
