"""Adding, choosing, removing and testing servers."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from soulsync_engine.cli.exits import ExitCode
from soulsync_engine.testing.reference import ReferenceServer

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def server() -> ReferenceServer:
    return ReferenceServer()


@pytest.fixture
def settings(server: ReferenceServer) -> tuple[str, ...]:
    return ("--backend", "reference", "--set", f"address={server.address}", "--set", f"token={server.token}")


def written(place) -> dict:
    return tomllib.loads(place.config.read_text())


def test_the_first_server_added_becomes_the_active_one(soulsync, place, server, settings) -> None:
    assert soulsync("servers", "add", "music", *settings).code == ExitCode.OK
    assert soulsync("servers", "add", "attic", *settings).code == ExitCode.OK
    assert written(place) == {
        "server": {"active": "music"},
        "servers": {
            "music": {"backend": "reference", "address": server.address, "token": server.token},
            "attic": {"backend": "reference", "address": server.address, "token": server.token},
        },
    }
    assert soulsync("servers", "list", "--json").document == {
        "active": "music",
        "servers": [
            {"name": "music", "backend": "reference", "active": True},
            {"name": "attic", "backend": "reference", "active": False},
        ],
    }


def test_required_settings_that_are_missing_are_asked_for(soulsync, place, server) -> None:
    ended = soulsync(
        "servers", "add", "music", "--backend", "reference", input=f"{server.address}\n{server.token}\n"
    )
    assert ended.code == ExitCode.OK
    assert "Address of a ReferenceServer" in ended.err
    assert "user" not in ended.err
    assert written(place)["servers"]["music"]["address"] == server.address


EITHER_OR = """
from dataclasses import replace
from pydantic import SecretStr, model_validator
from soulsync_engine.plugin import BackendSettings
from soulsync_engine.testing.reference import backend as reference


class Settings(BackendSettings):
    address: str
    key: str = ""
    token: SecretStr | None = None
    pages: int | None = None

    @model_validator(mode="after")
    def _enough(self):
        if not self.key and self.token is None:
            raise ValueError("neither key nor token is given")
        return self


backend = replace(reference, name="either", settings="either_or:Settings")
"""


def test_settings_of_which_one_is_needed_are_asked_for_until_there_is_one(soulsync, place) -> None:
    place.install("soulsync-either", "either = either_or:backend", module=EITHER_OR)
    ended = soulsync(
        "servers", "add", "x", "--backend", "either", "--no-test", input="memory://x\n\nsecret-token\n"
    )
    assert ended.code == ExitCode.OK, ended.err
    assert written(place)["servers"]["x"] == {
        "backend": "either",
        "address": "memory://x",
        "token": "secret-token",
    }
    assert "pages" not in ended.err
    ended = soulsync(
        "servers", "add", "y", "--backend", "either", "--set", "address=memory://y", "--no-test", input="\n\n"
    )
    assert ended.code == ExitCode.CONFIGURATION
    assert "neither key nor token is given" in ended.err


def test_without_anybody_to_ask_the_missing_setting_is_named(soulsync, place) -> None:
    ended = soulsync("servers", "add", "music", "--backend", "reference", input="")
    assert ended.code == ExitCode.CONFIGURATION
    assert ended.err.endswith("Give it with: --set address=VALUE\n")
    assert not place.config.exists()


def test_a_reference_to_a_secret_is_kept_as_a_reference(soulsync, place, server) -> None:
    ended = soulsync(
        *("servers", "add", "music", "--backend", "reference"),
        *("--set", f"address={server.address}", "--set", "token=env:MUSIC_TOKEN"),
        MUSIC_TOKEN=server.token,
    )
    assert ended.code == ExitCode.OK
    assert server.token not in place.config.read_text()
    assert written(place)["servers"]["music"]["token"] == "env:MUSIC_TOKEN"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--backend", "refrence"], ExitCode.CONFIGURATION, "Did you mean 'reference'?"),
        (["--backend", "reference", "--set", "adress=x"], ExitCode.CONFIGURATION, "did you mean address?"),
        (["--backend", "reference", "--set", "address"], ExitCode.USAGE, "lacks its value"),
    ],
)
def test_what_is_given_wrong_is_refused_before_anything_is_asked(
    soulsync, place, arguments, code, sentence
) -> None:
    ended = soulsync("servers", "add", "music", *arguments, input="")
    assert (ended.code, sentence in ended.err) == (code, True), ended.err
    assert "Address of" not in ended.err
    assert not place.config.exists()


def test_a_taken_name_is_refused_before_anything_is_asked(soulsync, place, music) -> None:
    before = place.config.read_text()
    ended = soulsync("servers", "add", "music", "--backend", "reference", input="")
    assert ended.code == ExitCode.CONFIGURATION
    assert ended.err.startswith("There is a server called 'music' already.")
    assert place.config.read_text() == before


def test_a_name_the_configuration_would_not_accept_is_never_written(soulsync, place, settings) -> None:
    ended = soulsync("servers", "add", "a/b", *settings, "--no-test")
    assert ended.code == ExitCode.CONFIGURATION
    assert not place.config.exists()


def test_a_server_that_refuses_or_does_not_answer_is_not_added(soulsync, place, server, settings) -> None:
    wrong = soulsync("servers", "add", "music", *settings[:-1], "token=wrong")
    server.stop()
    silent = soulsync("servers", "add", "music", *settings)
    assert (wrong.code, silent.code) == (ExitCode.NOT_ALLOWED, ExitCode.UNAVAILABLE)
    assert "wrong" not in wrong.err
    assert not place.config.exists()


def test_without_a_test_nothing_is_asked_of_the_server(soulsync, place, server, settings) -> None:
    server.stop()
    assert soulsync("servers", "add", "music", *settings, "--no-test").code == ExitCode.OK
    assert list(written(place)["servers"]) == ["music"]
    assert server.requests == 0


def test_a_variable_that_names_the_active_server_does_not_keep_another_from_being_added(
    soulsync, music, settings
) -> None:
    ended = soulsync("servers", "add", "attic", *settings, SOULSYNC_SERVER__ACTIVE="music")
    assert ended.code == ExitCode.OK, ended.err


def test_another_server_is_made_active_and_one_is_removed(soulsync, place, music) -> None:
    place.configure(music=music.settings(), attic=music.settings())
    assert soulsync("servers", "use", "attic").code == ExitCode.OK
    assert soulsync("servers", "remove", "music").code == ExitCode.OK
    assert (written(place)["server"], list(written(place)["servers"])) == ({"active": "attic"}, ["attic"])
    assert soulsync("servers", "use", "cellar").code == ExitCode.FAILED
    assert soulsync("servers", "remove", "cellar").code == ExitCode.FAILED


def test_testing_a_server_says_who_answers(soulsync, music) -> None:
    ended = soulsync("servers", "test", "--json")
    assert ended.document["server"] == "music"
    assert ended.document["info"]["product"] == "Reference"
    assert music.requests == 2
    assert "answers and accepts ada. Music libraries: Music." in soulsync("servers", "test").out


def test_testing_a_server_that_is_down_tells_programs_why(soulsync, music) -> None:
    music.stop()
    ended = soulsync("servers", "test", "music", "--json")
    assert (ended.code, ended.out) == (ExitCode.UNAVAILABLE, "")
    assert (ended.error["code"], ended.error["server"]) == ("unavailable", "music")


def test_a_path_is_stored_so_that_it_means_the_same_from_anywhere(
    soulsync, place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.install("soulsync-shelf", "shelf = shelf:backend", module=SHELF)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    arguments = ("servers", "add", "music", "--backend", "shelf", "--no-test")
    ended = soulsync(*arguments, "--set", "folders=here", "--set", "depth=3", "--set", "cover=here/c.png")
    assert ended.code == ExitCode.OK, ended.err
    assert written(place)["servers"]["music"] == {
        "backend": "shelf",
        "folders": [str(tmp_path / "here")],
        "depth": 3,
        "cover": str(tmp_path / "here/c.png"),
    }


SHELF = """
from pathlib import Path
from soulsync_engine.plugin import BackendSpec
from soulsync_engine.settings import BackendSettings
from soulsync_engine.testing.reference.client import ReferenceClient as Client

class Settings(BackendSettings):
    folders: list[Path]
    depth: int = 1
    cover: Path | None = None

backend = BackendSpec(name="shelf", title="Shelf", contract=1, client="shelf:Client", settings="shelf:Settings")
"""


def test_using_a_server_mends_a_configuration_whose_active_one_is_gone(soulsync, place, music) -> None:
    place.config.write_text(place.config.read_text().replace('active = "music"', 'active = "gone"'))
    assert soulsync("status").code == ExitCode.CONFIGURATION
    assert soulsync("servers", "use", "gone").code == ExitCode.FAILED
    assert soulsync("servers", "use", "music").code == ExitCode.OK
    assert soulsync("status").code == ExitCode.OK


def test_using_a_server_does_not_hide_another_mistake(soulsync, place, music) -> None:
    place.config.write_text(place.config.read_text() + "[mirror]\nulr = 1\n")
    before = place.config.read_text()
    assert soulsync("servers", "use", "music").code == ExitCode.CONFIGURATION
    assert place.config.read_text() == before


def test_removing_a_server_tells_how_to_forget_what_the_mirror_has_of_it(soulsync, place, music) -> None:
    soulsync("sync")
    assert "soulsync mirror forget music" in soulsync("servers", "remove", "music").err
    assert len(soulsync("search", "dawn", "--json").document["hits"]) == 1
    assert soulsync("mirror", "forget", "music", input="n\n").code == ExitCode.INTERRUPTED
    assert soulsync("mirror", "forget", "music", "--yes").out == "25 items of music were forgotten.\n"
    assert soulsync("search", "dawn", "--json").document["hits"] == []
    assert soulsync("mirror", "forget", "music", "--yes").code == ExitCode.FAILED
