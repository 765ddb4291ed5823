"""The kinds of server that are out there."""

from __future__ import annotations

from dataclasses import dataclass

TIMES = ("updatedAt", "addedAt", "lastViewedAt")
"""The fields of items that are times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personality:
    """How one kind of server behaves.

    Filters by the fields that are in `ignores` are ignored without a word, as real servers do it with some.
    `drops_parts_of_batches` makes every playlist batch lose its keys beyond the given number, with a 200. `rekeys`
    gives every item a new key whenever a scan found a change. `titles` replace the names of libraries. A library that
    is the only one is spread over as many sections as `spread` says. `more_sections` are sections besides the music:
    title, type, agent.
    """

    name: str
    version: str = "1.43.3.10793-cd55679de"
    speaks_json: bool = True
    ignores: tuple[str, ...] = ()
    sorts_by_id: bool = True
    has_websocket: bool = True
    drops_parts_of_batches: int | None = None
    rekeys: bool = False
    titles: tuple[tuple[str, str], ...] = ()
    spread: int = 1
    more_sections: tuple[tuple[str, str, str], ...] = (("Films", "movie", "tv.plex.agents.movie"),)


CURRENT = Personality(name="current")

OLD = Personality(
    name="old",
    version="1.20.4.3517-ab5e1197c",
    speaks_json=False,
    ignores=TIMES,
    sorts_by_id=False,
)
"""Answers XML whatever is asked for, and ignores filters by time."""

FORGETFUL = Personality(name="forgetful", drops_parts_of_batches=2)
"""Takes a batch of keys with a 200 and stores the first two."""

ITALIAN = Personality(
    name="italian",
    titles=(("Music", "Musica"), ("Other", "Altra musica")),
    more_sections=(
        ("Audiolibri", "artist", "com.plexapp.agents.audnexus"),
        ("Film", "movie", "tv.plex.agents.movie"),
    ),
)
"""Names in another language, audiobooks in a section of the same type as music, ahead of the music."""

REKEYING = Personality(name="rekeying", rekeys=True)
"""Keeps the files and forgets their keys, as when metadata is refreshed or a library is made anew."""

SEVERAL = Personality(
    name="several",
    spread=2,
    more_sections=(
        ("Audiobooks", "artist", "com.plexapp.agents.audnexus"),
        ("Vinyl", "artist", "tv.plex.agents.music"),
        ("Films", "movie", "tv.plex.agents.movie"),
    ),
)
"""The music in two sections, and a third one for music that is still empty."""

PERSONALITIES = (CURRENT, OLD, FORGETFUL, ITALIAN, REKEYING, SEVERAL)
