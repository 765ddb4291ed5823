"""What the entry point names."""

from __future__ import annotations

import json
from pathlib import Path

from soulsync_engine.config import load_config
from soulsync_engine.discovery import in_process
from soulsync_local import backend


def test_the_old_application_s_folder_is_a_server(tmp_path: Path) -> None:
    old = tmp_path / "config.json"
    old.write_text(json.dumps({"active_media_server": "soulsync", "soulseek": {"transfer_path": "/music"}}))
    config = load_config(old, environ={}, records=in_process(backend))
    assert config.active == "soulsync"
    assert config.servers["soulsync"].backend == "local"
    assert config.servers["soulsync"].settings == {"path": "/music"}


def test_the_folder_that_was_never_chosen_is_none(tmp_path: Path) -> None:
    old = tmp_path / "config.json"
    old.write_text(json.dumps({"active_media_server": None, "soulseek": {"transfer_path": "./Transfer"}}))
    assert load_config(old, environ={}, records=in_process(backend)).servers == {}
