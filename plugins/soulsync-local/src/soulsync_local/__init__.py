"""The local backend of soulsync-engine: folders of audio files as a music server."""

from soulsync_engine.spec import BackendSpec, LegacySection

backend = BackendSpec(
    name="local",
    title="Folders of audio files",
    contract=1,
    client="soulsync_local.client:LocalClient",
    settings="soulsync_local.settings:LocalSettings",
    legacy=LegacySection(
        server="soulsync",
        section="soulseek",
        keys={"transfer_path": "path"},
        defaults={"transfer_path": "./Transfer"},
    ),
)
