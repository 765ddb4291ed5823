"""Configuration: which servers there are, which is active, and where data is kept."""

from soulsync_engine.config.file import ConfigFile
from soulsync_engine.config.model import EngineConfig, ServerConfig
from soulsync_engine.config.sources import config_from_mapping, config_path, load_config

__all__ = [
    "ConfigFile",
    "EngineConfig",
    "ServerConfig",
    "config_from_mapping",
    "config_path",
    "load_config",
]
