"""`soulsync doctor` shows every stage and ends as the first failure demands."""

from __future__ import annotations

import pytest

from soulsync_engine.cli.exits import ExitCode


def outcomes(examination):
    return {report["stage"]: report["outcome"] for report in examination["stages"]}


def test_a_server_that_works_is_shown_stage_by_stage(soulsync, music) -> None:
    ended = soulsync("doctor", "music")
    assert ended.code == ExitCode.OK
    lines = ended.out.splitlines()
    assert lines[0] == "server music (backend reference)"
    assert [line.split()[:2] for line in lines[2:]] == [
        [stage, "passed"]
        for stage in (
            "metadata",
            "import",
            "spec",
            "contract",
            "config",
            "connect",
            "credentials",
            "capabilities",
        )
    ]


def test_the_first_failing_stage_ends_with_cause_next_step_and_its_exit_code(soulsync, place, music) -> None:
    place.configure(music={**music.settings(), "token": "wrong"})
    ended = soulsync("doctor", "music")
    assert ended.code == ExitCode.NOT_ALLOWED
    assert "credentials   failed       authentication" in ended.out
    assert "capabilities  not reached" in ended.out
    assert ended.out.endswith("  The server does not accept the token.\n  Enter the token again.\n")


def test_without_a_server_everything_is_examined(soulsync, place, music) -> None:
    place.configure(music=music.settings(), attic={**music.settings(), "address": "memory://0"})
    place.install("soulsync-lost", "lost = no_such_module:backend")
    ended = soulsync("doctor", "--json")
    found = {(each["server"], each["backend"]): each for each in ended.document["examinations"]}
    assert set(found) >= {(None, "lost"), (None, "reference"), ("music", "reference"), ("attic", "reference")}
    assert found[None, "lost"]["works"] is False
    assert outcomes(found[None, "lost"])["import"] == "failed"
    assert found["music", "reference"]["works"] is True
    assert outcomes(found["attic", "reference"])["connect"] == "failed"
    assert ended.code == ExitCode.BACKEND


def test_a_broken_backend_does_not_fail_a_server_that_does_not_use_it(soulsync, place, music) -> None:
    place.install("soulsync-lost", "lost = no_such_module:backend")
    assert soulsync("doctor", "music").code == ExitCode.OK


def test_a_wrong_configuration_does_not_hide_what_is_installed(soulsync, place) -> None:
    place.config.write_text("[server\n")
    ended = soulsync("doctor", "--json")
    assert ended.code == ExitCode.CONFIGURATION
    assert ended.document["configuration"]["error"]["code"] == "configuration"
    assert "reference" in {each["backend"] for each in ended.document["examinations"]}


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_unknown_server_is_an_error_on_standard_error(soulsync, music, options) -> None:
    ended = soulsync("doctor", "cellar", *options)
    assert (ended.code, ended.out) == (ExitCode.FAILED, "")
    assert "No server is called 'cellar'" in ended.err
