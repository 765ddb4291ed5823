"""The readers in use: the lighter ones or, where a version of mutagen has other insides than they know, mutagen's."""

from __future__ import annotations

import logging

from mutagen import FileType
from mutagen.mp3 import MPEGInfo

_log = logging.getLogger(__name__)

LIGHTER: dict[type[FileType], type[FileType]]
"""What to open a file with in the place of mutagen's class."""

try:
    from soulsync_local.tags.lighter import LIGHTER, LighterMPEGInfo
except (AttributeError, ImportError, KeyError, TypeError) as error:
    _log.warning("Tags are read at mutagen's own pace, whose insides this version does not know: %r", error)
    LIGHTER = {}
    LighterMPEGInfo = MPEGInfo

__all__ = ["LIGHTER", "LighterMPEGInfo"]
