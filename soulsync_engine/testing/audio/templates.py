"""The template sounds: which there are and what each one truly holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class AudioFormat(StrEnum):
    """The audio formats a local library may hold, by the usual file suffix."""

    MP3 = "mp3"
    FLAC = "flac"
    OGG = "ogg"
    OPUS = "opus"
    M4A = "m4a"
    AAC = "aac"
    WAV = "wav"
    WMA = "wma"
    AIFF = "aiff"
    APE = "ape"
    WV = "wv"
    MPC = "mpc"

    @property
    def suffix(self) -> str:
        """The file suffix, with its dot."""
        return f".{self.value}"


MAIN_FORMATS = (AudioFormat.MP3, AudioFormat.FLAC, AudioFormat.OGG, AudioFormat.OPUS, AudioFormat.M4A)
"""The five formats that nearly all music is kept in, the ones with full support for fields of many values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template sound.

    `duration_ms` is the length of the sound that was encoded; a lossy container may add up to
    `duration_slack_ms` of encoder delay and padding. `sample_rate` is in Hz (Opus always plays at 48,000).
    `codec` is the word the local backend uses for it.
    """

    name: str
    format: AudioFormat
    codec: str
    duration_ms: int
    sample_rate: int
    channels: int
    duration_slack_ms: int = 0

    def data(self) -> bytes:
        """The bytes of the file, read once."""
        return _template_bytes(self.name)


@cache
def _template_bytes(name: str) -> bytes:
    return (files("soulsync_engine.testing.audio") / "data" / name).read_bytes()


def _tone(
    kind: AudioFormat, codec: str, duration_ms: int, sample_rate: int, channels: int = 1, slack: int = 0
) -> Template:
    return Template(
        name=f"tone{kind.suffix}",
        format=kind,
        codec=codec,
        duration_ms=duration_ms,
        sample_rate=sample_rate,
        channels=channels,
        duration_slack_ms=slack,
    )


TEMPLATES: dict[AudioFormat, Template] = {
    template.format: template
    for template in (
        _tone(AudioFormat.MP3, "mp3", 1000, 22050),
        _tone(AudioFormat.FLAC, "flac", 1200, 22050),
        _tone(AudioFormat.OGG, "vorbis", 1100, 44100),
        _tone(AudioFormat.OPUS, "opus", 1300, 48000),
        # The aac encoder declares two channels for its mono stream in the MP4 sample description.
        _tone(AudioFormat.M4A, "aac", 1400, 44100, channels=2, slack=25),
        _tone(AudioFormat.AAC, "aac", 1400, 44100, slack=50),
        _tone(AudioFormat.WAV, "pcm", 500, 8000),
        _tone(AudioFormat.WMA, "wma", 1500, 22050, slack=50),
        _tone(AudioFormat.AIFF, "pcm", 500, 8000),
        _tone(AudioFormat.APE, "ape", 800, 16000),
        _tone(AudioFormat.WV, "wavpack", 1600, 11025),
        _tone(AudioFormat.MPC, "musepack", 1700, 44100, channels=2),
    )
}
"""The usual template of each format."""

ALAC = Template(
    name="alac.m4a",
    format=AudioFormat.M4A,
    codec="alac",
    duration_ms=500,
    sample_rate=16000,
    channels=1,
)
"""Apple Lossless in an MP4 container."""

HEADERLESS_MP3 = Template(
    name="headerless.mp3",
    format=AudioFormat.MP3,
    codec="mp3",
    duration_ms=1000,
    sample_rate=22050,
    channels=1,
    duration_slack_ms=100,
)
"""A constant-rate MP3 without the frame that states its length."""
