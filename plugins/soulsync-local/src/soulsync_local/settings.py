"""The settings of one `local` server."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from soulsync_engine.plugin import BackendSettings


class LocalSettings(BackendSettings):
    """Which folders are the libraries, and how they are read."""

    path: Path | None = Field(
        default=None,
        title="Folder",
        description="The folder your music is in, as an absolute path. It becomes one library.",
    )
    paths: tuple[Path, ...] = Field(
        default=(),
        title="More folders",
        description="Several folders, each a library of its own. None may lie inside another.",
    )
    workers: int | None = Field(
        default=None,
        ge=0,
        le=256,
        title="Workers",
        description="Processes that read tags at the same time; 0 or 1 reads in this process. "
        "Empty: one for each CPU.",
    )
    follow_symlinks: bool = Field(
        default=True,
        title="Follow links",
        description="Whether symbolic links that lead out of the folders are followed. "
        "Links that lead to a place inside them never are.",
    )

    @field_validator("path", "paths", mode="after")
    @classmethod
    def _absolute(cls, value: Path | tuple[Path, ...] | None) -> Path | tuple[Path, ...] | None:
        if value is None:
            return None
        if isinstance(value, Path):
            return _normal(value)
        return tuple(_normal(path) for path in value)

    @model_validator(mode="after")
    def _distinct_roots(self) -> LocalSettings:
        roots = self.roots
        if not roots:
            raise ValueError("no folder is given: set `path`, or `paths` for several")
        for number, root in enumerate(roots):
            for other in roots[number + 1 :]:
                if root == other:
                    raise ValueError(f"the folder {root} is given twice")
                if root in other.parents or other in root.parents:
                    raise ValueError(
                        f"one of the folders {root} and {other} lies inside the other; give the outer one only"
                    )
        return self

    @property
    def roots(self) -> tuple[Path, ...]:
        """All folders, in the order given, `path` first."""
        return (*((self.path,) if self.path is not None else ()), *self.paths)


def _normal(path: Path) -> Path:
    text = os.path.expanduser(path)
    if "\0" in text:
        raise ValueError("a path cannot contain a NUL character")
    if not os.path.isabs(text):
        raise ValueError(
            f"{text!r} is relative; give the whole path, so that it means the same from everywhere"
        )
    return Path(os.path.normpath(text))
