"""Navidrome, and every other server that speaks (Open)Subsonic: two backends, one implementation."""

from soulsync_engine.spec import BackendSpec, LegacySection

_CLIENT = "soulsync_navidrome.client:SubsonicClient"
_SETTINGS = "soulsync_navidrome.settings:SubsonicSettings"

navidrome = BackendSpec(
    name="navidrome",
    title="Navidrome",
    contract=1,
    client=_CLIENT,
    settings=_SETTINGS,
    legacy=LegacySection(
        server="navidrome",
        section="navidrome",
        keys={"base_url": "base_url", "username": "username", "password": "password"},
    ),
)

subsonic = BackendSpec(
    name="subsonic",
    title="Subsonic and OpenSubsonic servers",
    contract=1,
    client=_CLIENT,
    settings=_SETTINGS,
)
