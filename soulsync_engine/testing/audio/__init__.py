"""Real audio files for tests and demonstrations: small template sounds, and tags written into copies of them.

Writing needs mutagen (extra `testing`); importing does not.
"""

from soulsync_engine.testing.audio.collection import LibraryContents, generate_library
from soulsync_engine.testing.audio.tags import Tags
from soulsync_engine.testing.audio.templates import (
    ALAC,
    HEADERLESS_MP3,
    MAIN_FORMATS,
    TEMPLATES,
    AudioFormat,
    Template,
)
from soulsync_engine.testing.audio.writing import (
    APEV2_ONLY,
    ID3V1_ONLY,
    ID3V23,
    ID3V24,
    Mp3Style,
    write_audio,
)

__all__ = [
    "ALAC",
    "APEV2_ONLY",
    "HEADERLESS_MP3",
    "ID3V1_ONLY",
    "ID3V23",
    "ID3V24",
    "MAIN_FORMATS",
    "TEMPLATES",
    "AudioFormat",
    "LibraryContents",
    "Mp3Style",
    "Tags",
    "Template",
    "generate_library",
    "write_audio",
]
