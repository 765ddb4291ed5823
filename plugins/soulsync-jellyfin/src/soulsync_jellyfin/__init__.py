"""Jellyfin and Emby, two servers of one origin: two backends, one implementation with a table of the differences."""

from soulsync_engine.spec import BackendSpec, LegacySection

jellyfin = BackendSpec(
    name="jellyfin",
    title="Jellyfin",
    contract=1,
    client="soulsync_jellyfin.client:JellyfinClient",
    settings="soulsync_jellyfin.settings:JellyfinSettings",
    legacy=LegacySection(
        server="jellyfin",
        section="jellyfin",
        keys={"base_url": "base_url", "api_key": "api_key", "api_timeout": "timeout"},
    ),
    sign_in="soulsync_jellyfin.signin:QuickConnect",
)

emby = BackendSpec(
    name="emby",
    title="Emby",
    contract=1,
    client="soulsync_jellyfin.client:EmbyClient",
    settings="soulsync_jellyfin.settings:EmbySettings",
)
