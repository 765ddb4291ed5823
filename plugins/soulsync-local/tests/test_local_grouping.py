"""The grouping rules, row by row as in the documentation."""

from __future__ import annotations

import unicodedata

import pytest

from soulsync_local.grouping import VARIOUS_ARTISTS, AlbumPart, GroupFile, group_folder
from soulsync_local.naming import album_folder
from soulsync_local.tags.values import FileTags

LIBRARY = "0123456789abcdef"


def file(path: str, **tags: object) -> GroupFile:
    return GroupFile(path.encode(), FileTags(**tags), 10, 20)  # type: ignore[arg-type]


def group(*files: GroupFile, library: str = LIBRARY) -> list[AlbumPart]:
    """All albums of these files, folder by folder."""
    folders: dict[bytes, list[GroupFile]] = {}
    for one in sorted(files, key=lambda one: one.path):
        folders.setdefault(album_folder(one.path), []).append(one)
    return [
        part
        for folder, members in folders.items()
        for part in group_folder(library, folder, "Music", members)
    ]


def shown(*files: GroupFile) -> list[tuple[str, tuple[str, ...], int]]:
    return sorted(
        (part.title, tuple(one.name for one in part.artists), len(part.files)) for part in group(*files)
    )


def test_the_album_artist_counts_before_everything_else() -> None:
    assert shown(
        file("x/1.mp3", album="Duets", artists=("Guest One",), album_artists=("Host",), compilation=True),
        file("x/2.mp3", album="Duets", artists=("Guest Two",), album_artists=("Host",)),
    ) == [("Duets", ("Host",), 2)]


def test_several_album_artists_are_all_credited() -> None:
    (part,) = group(file("x/1.mp3", album="Both", artists=("A",), album_artists=("A", "B")))
    assert [one.name for one in part.artists] == ["A", "B"]


def test_a_compilation_flag_without_album_artist_means_various_artists() -> None:
    assert shown(file("x/1.mp3", album="Hits", artists=("A",), compilation=True)) == [
        ("Hits", (VARIOUS_ARTISTS,), 1)
    ]


def test_two_artists_on_one_album_in_one_folder_mean_various_artists() -> None:
    assert shown(
        file("x/1.mp3", album="Tape", artists=("A",)), file("x/2.mp3", album="tape", artists=("B",))
    ) == [("Tape", (VARIOUS_ARTISTS,), 2)]


def test_two_artists_on_one_title_in_two_folders_are_two_albums() -> None:
    assert shown(
        file("x/1.mp3", album="Tape", artists=("A",)), file("y/1.mp3", album="Tape", artists=("B",))
    ) == [("Tape", ("A",), 1), ("Tape", ("B",), 1)]


@pytest.mark.parametrize("guest", ["A feat. B", "A (feat. B)", "A ft. B", "A featuring B & C"])
def test_a_guest_does_not_make_an_album_a_compilation(guest: str) -> None:
    assert shown(
        file("x/1.mp3", album="Solo", artists=("A",)), file("x/2.mp3", album="Solo", artists=(guest,))
    ) == [("Solo", ("A",), 2)]


def test_a_second_artist_of_one_track_does_not_make_an_album_a_compilation() -> None:
    assert shown(
        file("x/1.mp3", album="Solo", artists=("A",)), file("x/2.mp3", album="Solo", artists=("A", "B"))
    ) == [("Solo", ("A",), 2)]


def test_two_artists_on_every_track_are_both_album_artists() -> None:
    assert shown(
        file("x/1.mp3", album="Duo", artists=("A", "B")), file("x/2.mp3", album="Duo", artists=("A", "B"))
    ) == [("Duo", ("A", "B"), 2)]


def test_an_untagged_file_is_named_after_its_folders() -> None:
    assert shown(file("Someone/Some Album/01 Song.mp3")) == [("Some Album", ("Someone",), 1)]


def test_an_untagged_file_in_a_folder_right_below_the_root_has_that_folder_as_artist_too() -> None:
    assert shown(file("Odds/01 Song.mp3")) == [("Odds", ("Odds",), 1)]


def test_an_untagged_file_loose_in_the_root_is_named_after_the_root() -> None:
    assert shown(file("Song.mp3")) == [("Music", ("Music",), 1)]


def test_an_untagged_file_joins_the_artist_of_its_neighbours_when_the_folder_has_the_albums_name() -> None:
    assert shown(file("A/Solo/1.mp3", album="Solo", artists=("A Star",)), file("A/Solo/2.mp3")) == [
        ("Solo", ("A Star",), 2)
    ]


def test_a_file_without_album_takes_the_folders_name() -> None:
    assert shown(file("Someone/Some Album/1.mp3", artists=("Tagged",))) == [("Some Album", ("Tagged",), 1)]


def test_discs_by_tag_are_one_album() -> None:
    (part,) = group(
        file("x/1-1.mp3", album="Long", artists=("A",), disc=1),
        file("x/2-1.mp3", album="Long", artists=("A",), disc=2),
    )
    assert part.discs == (1, 2)


@pytest.mark.parametrize(
    ("one", "two"), [("CD1", "CD2"), ("Disc 1", "disc 2 - Live"), ("disk_01", "Disk_02")]
)
def test_discs_in_folders_are_one_album(one: str, two: str) -> None:
    (part,) = group(
        file(f"A/Long/{one}/1.mp3", album="Long", artists=("A",)),
        file(f"A/Long/{two}/1.mp3", album="Long", artists=("A",)),
    )
    assert (part.discs, len(part.files)) == ((1, 2), 2)


def test_untagged_files_in_disc_folders_are_named_after_what_is_above() -> None:
    assert shown(file("A/Long/CD1/1.mp3"), file("A/Long/CD2/1.mp3")) == [("Long", ("A",), 2)]


@pytest.mark.parametrize("name", ["CD", "Discography", "CDs 1", "Disco 3000", "CD100"])
def test_a_folder_that_only_looks_like_a_disc_is_an_album_of_its_own(name: str) -> None:
    assert shown(file(f"A/{name}/1.mp3")) == [(name, ("A",), 1)]


def test_a_disc_folder_right_below_the_root_is_an_ordinary_folder() -> None:
    assert shown(file("CD1/1.mp3")) == [("CD1", ("CD1",), 1)]


def test_reissues_with_another_year_in_another_folder_are_two_albums() -> None:
    parts = group(
        file("x/1.mp3", album="Same", artists=("A",), year=1971),
        file("y/1.mp3", album="Same", artists=("A",), year=2001),
    )
    assert len({part.id for part in parts}) == 2


def test_reissues_with_another_release_id_in_another_folder_are_two_albums() -> None:
    parts = group(
        file("x/1.mp3", album="Same", artists=("A",), year=1971, release_id="1"),
        file("y/1.mp3", album="Same", artists=("A",), year=1971, release_id="2"),
    )
    assert len({part.id for part in parts}) == 2


def test_years_that_differ_within_a_folder_are_one_album_with_the_most_common_year() -> None:
    (part,) = group(
        file("x/1.mp3", album="Best Of", artists=("A",), year=1971),
        file("x/2.mp3", album="Best Of", artists=("A",), year=1980),
        file("x/3.mp3", album="Best Of", artists=("A",), year=1980),
    )
    assert part.year == 1980


def test_one_album_in_two_folders_is_one() -> None:
    parts = group(
        file("x/1.mp3", album="Same", artists=("A",), year=1971),
        file("y/2.mp3", album="Same", artists=("A",), year=1971),
    )
    assert len({part.id for part in parts}) == 1


@pytest.mark.parametrize(
    "variant",
    [
        "BJÖRK",
        "björk",
        unicodedata.normalize("NFD", "Björk"),
        unicodedata.normalize("NFD", "BJÖRK"),
        " Björk ",
    ],
)
def test_variants_of_case_and_composition_are_one_artist(variant: str) -> None:
    parts = group(
        file("x/1.mp3", album="Post", artists=("Björk",)), file("y/1.mp3", album="Debut", artists=(variant,))
    )
    assert len({artist.id for part in parts for artist in part.artists}) == 1


def test_an_accent_makes_another_artist() -> None:
    parts = group(
        file("x/1.mp3", album="A", artists=("Björk",)), file("y/1.mp3", album="A", artists=("Bjork",))
    )
    assert len({artist.id for part in parts for artist in part.artists}) == 2


def test_the_most_common_spelling_is_shown() -> None:
    (part,) = group(
        file("x/1.mp3", album="post", artists=("BJÖRK",)),
        file("x/2.mp3", album="Post", artists=("Björk",)),
        file("x/3.mp3", album="Post", artists=("Björk",)),
    )
    assert (part.title, part.artists[0].name) == ("Post", "Björk")


def test_ids_of_two_libraries_differ() -> None:
    one = file("x/1.mp3", album="A", artists=("B",))
    (here,), (there,) = group(one), group(one, library="fedcba9876543210")
    assert here.id != there.id
    assert here.artists[0].id != there.artists[0].id


def test_album_artist_ids_are_given_to_the_artist_they_stand_beside() -> None:
    (part,) = group(
        file(
            "x/1.mp3", album="A", artists=("C",), album_artists=("A", "B"), album_artist_ids=("id-a", "id-b")
        )
    )
    assert [(one.name, one.musicbrainz_id) for one in part.artists] == [("A", "id-a"), ("B", "id-b")]


def test_ids_that_are_fewer_than_the_names_are_given_to_nobody() -> None:
    (part,) = group(file("x/1.mp3", album="A", album_artists=("A", "B"), album_artist_ids=("id-a",)))
    assert [one.musicbrainz_id for one in part.artists] == [None, None]
