"""The contract, spoken by Subsonic servers: one class, put together by capability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from soulsync_engine.plugin import Support
from soulsync_navidrome.media import MediaClient
from soulsync_navidrome.scanning import NO_LAST_SCAN

_FILES_ONLY: Final = Support.server_cannot(
    "the Subsonic API changes no metadata; edit the tags of the files and let the server scan them"
)
_NO_PICTURES: Final = Support.server_cannot(
    "the Subsonic API takes no pictures; put artist.jpg or cover.jpg into the folder and let the server scan it"
)


class SubsonicClient(MediaClient):
    """Navidrome and every other Subsonic server. What it offers follows what the server shows that it can do."""

    claims: ClassVar[frozenset[str]] = frozenset({"delete_playlist"})
    limitations: ClassVar[Mapping[str, Support]] = {
        "update_artist": _FILES_ONLY,
        "update_album": _FILES_ONLY,
        "update_track": _FILES_ONLY,
        "set_image": _NO_PICTURES,
        "list_changed": Support.server_cannot(
            "such servers know when a file was added and when it was written, "
            "which misses files that were replaced by older ones"
        ),
        "parse_webhook": Support.server_cannot("such servers send no webhooks"),
    }

    def narrow(self) -> Mapping[str, Support]:
        """As in the contract."""
        facts = self._connection.facts
        narrowed: dict[str, Support] = {}
        if facts.scan_refusal is not None:
            refused = Support.server_cannot(facts.scan_refusal)
            narrowed |= dict.fromkeys(("scan_state", "trigger_scan", "watch"), refused)
        if not facts.tells_last_scan:
            narrowed["change_token"] = NO_LAST_SCAN
        if (excluded := self._native.excluded) is not None:
            narrowed["set_playlist_image"] = Support.versioned(f"Navidrome's own API: {excluded}")
        if not facts.rich:
            plays = Support.versioned("an OpenSubsonic server: this one does not tell what was played when")
            narrowed |= dict.fromkeys(("list_play_events", "list_play_counts", "report_play"), plays)
        return narrowed
