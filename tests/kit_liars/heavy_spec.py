"""The module of a spec that imports what only the client needs."""

import pydantic  # noqa: F401

from soulsync_engine.plugin import BackendSpec

backend = BackendSpec(
    name="heavy",
    title="Heavy",
    contract=1,
    client="soulsync_engine.testing.reference.client:ReferenceClient",
    settings="soulsync_engine.testing.reference.settings:ReferenceSettings",
)
