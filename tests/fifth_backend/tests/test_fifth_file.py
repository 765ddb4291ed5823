"""What is this backend's own: the file and its mistakes."""

import logging

import pytest
from soulsync_fifth.client import FifthClient
from soulsync_fifth.settings import FifthSettings

from soulsync_engine.plugin import ConfigurationError, ServerContext, UnavailableError


def client_of(path):
    settings = FifthSettings(path=path)
    context = ServerContext(
        server="records", settings=settings, data_dir=path.parent / "data", log=logging.getLogger("t")
    )
    return FifthClient(context)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"libraries": 3}', '{"libraries": [{"name": "A", "tracks": [{}]}]}']
)
def test_a_file_of_another_shape_is_the_users_mistake(tmp_path, text):
    path = tmp_path / "catalogue.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not a catalogue"):
        client_of(path).connect()


def test_a_folder_in_its_place_is_unavailable(tmp_path):
    with pytest.raises(UnavailableError):
        client_of(tmp_path).connect()
