"""The kinds of server that exist, told apart by what they do rather than by what they are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class EmptySearch(StrEnum):
    """What a search for nothing finds."""

    EVERYTHING = "everything"
    NOTHING = "nothing"
    QUOTES = "quotes"
    """Everything, but the empty text has to be written as two quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personality:
    """How a simulated server behaves.

    `album_cap` and `song_cap` are the largest pages it sends; asked for more, it sends that many, or refuses with 422
    and a body that is no envelope when `refuses_large_pages`. `plain_404` answers unknown things with status 404 and
    no envelope. `empty_lists` sends an empty list as `[]` where others drop the key. `basic_auth` accepts the header
    of that name. `scan_total` says whether the scan status counts songs while at rest. `token_refusal` is the code with
    which a server answers that takes no tokens. `heedless` are the methods, and the paths of the native API, that
    answer for all libraries, whichever is asked for.
    """

    product: str | None
    version: str | None
    protocol: str = "1.16.1"
    extensions: tuple[str, ...] = ()
    tokens: bool = True
    token_refusal: int = 10
    passwords: bool = True
    api_keys: bool = False
    basic_auth: bool = False
    native: bool = False
    empty_search: EmptySearch = EmptySearch.EVERYTHING
    song_cap: int | None = None
    album_cap: int | None = None
    refuses_large_pages: bool = False
    plain_404: bool = False
    empty_lists: bool = False
    naive_times: bool = False
    text_folder_ids: bool = False
    uuids: bool = False
    real_paths: bool = True
    last_scan: bool = True
    scan_total: bool = True
    ratings_stored: bool = True
    targeted_scan: bool = False
    heedless: tuple[str, ...] = ()
    salt: str = ""

    @property
    def rich(self) -> bool:
        """Whether it speaks OpenSubsonic."""
        return self.product is not None


NAVIDROME: Final = Personality(
    product="navidrome",
    version="0.63.2",
    extensions=("transcodeOffset", "formPost", "songLyrics", "indexBasedQueue", "playbackReport"),
    native=True,
    album_cap=500,
    real_paths=False,
    targeted_scan=True,
)
"""Navidrome as it is today."""

NAVIDROME_BEFORE_REID: Final = replace(NAVIDROME, version="0.63.2", salt="before")
NAVIDROME_AFTER_REID: Final = replace(NAVIDROME, version="0.64.0", salt="after")
"""The same server before and after the release that issues every id anew."""

OLD_NAVIDROME: Final = replace(
    NAVIDROME,
    version="0.49.3",
    extensions=("transcodeOffset",),
    native=False,
    empty_search=EmptySearch.QUOTES,
    targeted_scan=False,
)

SUBSONIC_1_12: Final = Personality(
    product=None,
    version=None,
    protocol="1.12.0",
    tokens=False,
    basic_auth=True,
    naive_times=True,
    text_folder_ids=True,
    uuids=True,
    last_scan=False,
    scan_total=False,
)
"""A server from before tokens and before OpenSubsonic."""

STRICT_OPENSUBSONIC: Final = Personality(
    product="strictsonic",
    version="2.1.0",
    extensions=("formPost",),
    empty_search=EmptySearch.NOTHING,
    song_cap=500,
    album_cap=500,
    refuses_large_pages=True,
    plain_404=True,
    empty_lists=True,
    last_scan=False,
    scan_total=False,
)
"""Keeps to the letter: refuses what is too large, finds nothing when nothing is looked for."""

API_KEYS: Final = Personality(
    product="keysonic",
    version="1.4.0",
    extensions=("apiKeyAuthentication", "formPost"),
    tokens=False,
    token_refusal=42,
    passwords=False,
    api_keys=True,
    empty_lists=True,
)
"""Takes nothing but API keys."""
