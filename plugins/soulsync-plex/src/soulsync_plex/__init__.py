"""The Plex backend of soulsync-engine."""

from soulsync_engine.spec import BackendSpec, LegacySection

backend = BackendSpec(
    name="plex",
    title="Plex Media Server",
    contract=1,
    client="soulsync_plex.client:PlexClient",
    settings="soulsync_plex.settings:PlexSettings",
    sign_in="soulsync_plex.signin:PlexSignIn",
    legacy=LegacySection(
        server="plex",
        section="plex",
        keys={
            "base_url": "base_url",
            "token": "token",
            "request_timeout_seconds": "page_timeout",
            "scan_retries": "retries",
        },
    ),
)
