"""The conformance kit on folders of real audio files."""

from soulsync_engine.discovery import BackendRecord
from soulsync_local import conformance


class TestLocal(conformance.TestLocal):
    """The same, also from a checkout in which the distribution is not installed."""

    backend_record = BackendRecord(
        name="local", distribution="soulsync-local", version="", value="soulsync_local:backend"
    )
