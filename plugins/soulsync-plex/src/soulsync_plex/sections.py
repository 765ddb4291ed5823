"""Which libraries of the server are looked at: music sections, found by type and key, never by an English name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Final

from soulsync_engine.errors import NotFoundError
from soulsync_engine.models import Scope
from soulsync_plex.mapper import key_of
from soulsync_plex.wire import Section

_BELIEVED_SECONDS: Final = 30.0
_MUSIC: Final = "artist"
_AUDIOBOOK_AGENTS: Final = ("audnexus", "audiobook", "bookcamp")
"""Parts of the names of agents for audiobooks, which live in sections of the same type as music."""


class SectionChoice:
    """The sections of a server, asked for when needed and believed for half a minute. Thread-safe."""

    def __init__(
        self, ask: Callable[[], tuple[Section, ...]], wanted: tuple[str, ...], *, server: str
    ) -> None:
        self._ask = ask
        self._wanted = wanted
        self._server = server
        self._lock = Lock()
        self._known: tuple[float, tuple[Section, ...]] | None = None

    def fresh(self) -> tuple[Section, ...]:
        """The chosen sections, asked for now."""
        with self._lock:
            return self._chosen(self._asked())

    def of(self, scope: Scope, *, fresh: bool = False) -> tuple[Section, ...]:
        """The sections of a scope. One that is not there, or that the user may not see, is `NotFoundError`."""
        with self._lock:
            known = self._known
            if fresh or known is None or time.monotonic() - known[0] > _BELIEVED_SECONDS:
                sections = self._asked()
            else:
                sections = known[1]
        if scope.libraries is None:
            return self._chosen(sections)
        allowed = self._chosen(sections) if self._wanted else sections
        by_key = {key_of(section.key): section for section in allowed}
        missing = [key for key in scope.libraries if key not in by_key]
        if missing:
            raise self._missing(missing[0], sections)
        return tuple(by_key[key] for key in dict.fromkeys(scope.libraries))

    def forget(self) -> None:
        """Ask anew at the next use."""
        with self._lock:
            self._known = None

    def _asked(self) -> tuple[Section, ...]:
        sections = tuple(section for section in self._ask() if section.type == _MUSIC and key_of(section.key))
        self._known = (time.monotonic(), sections)
        return sections

    def _chosen(self, sections: tuple[Section, ...]) -> tuple[Section, ...]:
        if not self._wanted:
            return tuple(section for section in sections if not is_for_audiobooks(section))
        chosen: dict[str | None, Section] = {}
        for wanted in self._wanted:
            section = _find(wanted, sections)
            if section is None:
                raise self._missing(wanted, sections)
            chosen[key_of(section.key)] = section
        return tuple(chosen.values())

    def _missing(self, wanted: str, sections: Iterable[Section]) -> NotFoundError:
        shown = ", ".join(f"{section.title!r} ({key_of(section.key)})" for section in sections) or "none"
        return NotFoundError(
            f"There is no music library {wanted!r} on this server, or this user may not see it "
            f"(music libraries seen: {shown}).",
            server=self._server,
            next_step="Choose one that is there, or have the server's owner share it.",
        )


def is_for_audiobooks(section: Section) -> bool:
    """Whether a section that looks like music is fed by an agent for audiobooks."""
    agent = (section.agent or "").lower()
    return any(name in agent for name in _AUDIOBOOK_AGENTS)


def _find(wanted: str, sections: tuple[Section, ...]) -> Section | None:
    """By key, else by title as it is spelt, else by title whatever its case."""
    tests: tuple[Callable[[Section], bool], ...] = (
        lambda section: key_of(section.key) == wanted,
        lambda section: section.title == wanted,
        lambda section: (section.title or "").casefold() == wanted.casefold(),
    )
    for test in tests:
        for section in sections:
            if test(section):
                return section
    return None
