"""The demonstration's library, and what happens to it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from soulsync_engine.testing.audio import AudioFormat, Tags, generate_library, write_audio

DEMO_BAND = "The Demonstrators"
_NEW_ALBUM = ("Hello, Mirror", "Round Trip", "Encore")


def make_library(folder: Path, tracks: int) -> dict[str, str]:
    """Make the library and tell what is in it, in words."""
    contents = generate_library(folder, tracks, seed=7)
    formats = Counter(path.suffix.removeprefix(".") for path in _files(folder))
    return {
        "files": ", ".join(f"{count} {suffix}" for suffix, count in sorted(formats.items())),
        "tagged as": f"{contents.albums} albums by {contents.album_artists} artists",
    }


def change_library(folder: Path) -> dict[str, str]:
    """Retag, add, move and delete a few files, and tell which. The folder must have been made by `make_library`."""
    files = _files(folder)
    # Far apart, so that each change meets an album of its own.
    retagged, moved, *deleted = (files[len(files) * place // 10] for place in (1, 3, 6, 8))
    _retitle(retagged)
    album = folder / DEMO_BAND / "First Appearance (2024)"
    album.mkdir(parents=True)
    for number, title in enumerate(_NEW_ALBUM, start=1):
        tags = Tags(
            title=title,
            artists=(DEMO_BAND,),
            album="First Appearance",
            album_artists=(DEMO_BAND,),
            track=number,
            year=2024,
            genres=("Demo",),
        )
        write_audio(album / f"{number:02} {title}.flac", AudioFormat.FLAC, tags)
    elsewhere = folder / "Moved Here" / moved.name
    elsewhere.parent.mkdir()
    moved.rename(elsewhere)
    for path in deleted:
        path.unlink()
    return {
        "retagged": _short(retagged, folder),
        "added": f"{len(_NEW_ALBUM)} files of {_short(album, folder)}",
        "moved": f"{_short(moved, folder)} to {_short(elsewhere.parent, folder)}",
        "deleted": ", ".join(_short(path, folder) for path in deleted),
    }


def _retitle(path: Path) -> None:
    import mutagen

    audio = mutagen.File(path, easy=True)
    if audio is None:
        raise ValueError(f"{path} is no audio file of this library")
    audio["title"] = [f"{audio['title'][0]} (Remastered)"]
    audio.save()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _short(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder))
