"""Discovery reads metadata only, never raises, and keeps each problem for whoever selects the backend."""

from pathlib import Path

import pytest
from importlib_metadata import Distribution, EntryPoint

from soulsync_engine.discovery import announced, discover, find, from_entry_points
from soulsync_engine.errors import (
    BackendConflictError,
    BackendDisabledError,
    BackendLoadError,
    BackendNotFoundError,
)


class InstalledDistribution(Distribution):
    """A distribution whose metadata are given, not read."""

    def __init__(self, name: str, version: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: object) -> object:
        raise FileNotFoundError(path)


def entry(name: str, value: str, distribution: str = "soulsync-shelf", version: str = "1.0") -> EntryPoint:
    point = EntryPoint(name, value, "soulsync_engine.backends")
    return point._for(InstalledDistribution(distribution, version))


def test_a_backend_is_found_without_importing_it() -> None:
    [record] = from_entry_points([entry("shelf", "no_such_module:backend")], {})
    assert (record.name, record.distribution, record.version) == ("shelf", "soulsync-shelf", "1.0")
    assert record.usable


def test_a_distribution_listed_twice_is_one_backend() -> None:
    editable, stale = (
        entry("shelf", "shelf:backend"),
        entry("shelf", "shelf:backend", "Soulsync_Shelf", "0.9"),
    )
    [record] = from_entry_points([editable, stale], {})
    assert record.usable
    assert record.version == "1.0"


def test_two_distributions_of_one_name_conflict_and_both_are_named() -> None:
    records = from_entry_points(
        [entry("shelf", "shelf:backend"), entry("shelf", "evil:backend", "evil-shelf", "6.6")], {}
    )
    [record] = records
    assert not record.usable
    with pytest.raises(BackendConflictError, match=r"evil-shelf 6\.6.*soulsync-shelf 1\.0"):
        find("shelf", records)


def test_a_conflict_hurts_only_who_selects_it() -> None:
    records = from_entry_points(
        [
            entry("shelf", "shelf:backend"),
            entry("shelf", "evil:backend", "evil-shelf"),
            entry("attic", "attic:backend", "soulsync-attic"),
        ],
        {},
    )
    assert find("attic", records).distribution == "soulsync-attic"


def test_an_entry_point_that_names_a_module_is_refused_at_selection() -> None:
    records = from_entry_points([entry("shelf", "shelf")], {})
    with pytest.raises(BackendLoadError, match="names the module 'shelf'") as caught:
        find("shelf", records)
    assert caught.value.stage == "metadata"


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"SOULSYNC_BACKENDS": "attic"}, "SOULSYNC_BACKENDS"),
        ({"SOULSYNC_DISABLE_BACKENDS": "attic, shelf"}, "SOULSYNC_DISABLE_BACKENDS"),
        ({"SOULSYNC_BACKENDS": "shelf", "SOULSYNC_DISABLE_BACKENDS": "shelf"}, "SOULSYNC_DISABLE_BACKENDS"),
    ],
)
def test_selecting_a_switched_off_backend_names_the_variable(environ: dict[str, str], variable: str) -> None:
    records = from_entry_points([entry("shelf", "shelf:backend")], environ)
    with pytest.raises(BackendDisabledError, match=variable) as caught:
        find("shelf", records)
    assert variable in (caught.value.next_step or "")


@pytest.mark.parametrize(
    "environ",
    [{}, {"SOULSYNC_BACKENDS": " "}, {"SOULSYNC_BACKENDS": "shelf"}, {"SOULSYNC_DISABLE_BACKENDS": "x"}],
)
def test_other_variables_switch_nothing_off(environ: dict[str, str]) -> None:
    [record] = from_entry_points([entry("shelf", "shelf:backend")], environ)
    assert record.usable


def test_an_unknown_name_gets_a_suggestion_the_list_and_the_pip_line() -> None:
    records = from_entry_points([entry("shelf", "shelf:backend"), entry("attic", "attic:backend")], {})
    with pytest.raises(BackendNotFoundError) as caught:
        find("shlef", records)
    assert "attic, shelf" in caught.value.message
    assert "Did you mean 'shelf'?" in str(caught.value)
    # Not the name of a distribution made of it: whoever registers that one is not meant.
    assert "soulsync-shlef" not in str(caught.value)


def test_a_name_with_nothing_installed_says_so() -> None:
    with pytest.raises(BackendNotFoundError, match="installed: none"):
        find("shelf", ())


def test_discovering_what_is_really_installed_never_raises() -> None:
    names = [record.name for record in discover({})]
    assert names == sorted(names)


def install(site: Path, name: str, metadata: str | None, entry_points: bytes) -> None:
    folder = site / f"{name}-1.0.dist-info"
    folder.mkdir()
    (folder / "entry_points.txt").write_bytes(entry_points)
    if metadata is not None:
        (folder / "METADATA").write_text(metadata)


@pytest.mark.parametrize("metadata", [None, ""])
def test_a_distribution_without_metadata_is_a_backend_without_a_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: str | None
) -> None:
    install(tmp_path, "half_removed", metadata, b"[soulsync_engine.backends]\nshelf = shelf:backend\n")
    monkeypatch.syspath_prepend(tmp_path)
    [record] = [record for record in discover({}) if record.name == "shelf"]
    assert (record.distribution, record.version) == ("(unnamed)", "")


@pytest.mark.parametrize("damage", [b"[soulsync_engine.backends]\nno equals sign\n", b"[x]\n\xff = a:b\n"])
def test_entry_points_that_cannot_be_read_hurt_only_their_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, damage: bytes
) -> None:
    sound = b"[soulsync_engine.backends]\nshelf = shelf:backend\n"
    install(tmp_path, "sound", "Metadata-Version: 2.1\nName: sound\nVersion: 1.0\n", sound)
    install(tmp_path, "broken", "Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n", damage)
    monkeypatch.syspath_prepend(tmp_path)
    assert "shelf" in {record.name for record in discover({})}
    assert "The entry points of broken 1.0 cannot be read" in caplog.text
    assert announced("soulsync_engine.no_such_group") == []
