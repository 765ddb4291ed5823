"""What only a process can show: what is imported, signals, pipes, terminals, tracebacks, plugins."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from soulsync_engine.cli.exits import ExitCode

pytest.importorskip("pty", reason="these tests need a POSIX terminal and signals")

MEMORY = """
from soulsync_engine.testing.reference import ReferenceServer, backend
from soulsync_engine.testing.scenarios import odd, small

server = ReferenceServer({scenario}())
"""
SLOW = """
import time
from pathlib import Path

def slowly(produce):
    Path(__file__).with_name("reading").touch()
    time.sleep({seconds})
    return produce()

server.faults.always(slowly, operation="list_tracks")
"""
SETTINGS = {"backend": "reference", "address": "memory://1", "token": "reference-token-8c1f"}
HEAVY = {"pydantic", "sqlalchemy", "alembic", "httpx", "tomlkit", "keyring", "mutagen"}


def imported_by(processes, *arguments: str) -> set[str]:
    program = (
        "import sys\ntry:\n    from soulsync_engine.cli import main\n    main()\n"
        "finally:\n    print(*sys.modules, file=sys.stderr)"
    )
    ended = processes.run(*arguments, program=program)
    assert ended.code == ExitCode.OK, ended.err
    return set(ended.err.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["backends"], ["backends", "--json"]])
def test_help_and_the_list_of_backends_import_no_backend_and_nothing_heavy(
    processes, place, arguments
) -> None:
    install_memory(place)
    place.config.unlink()
    modules = imported_by(processes, *arguments)
    assert "soulsync_engine.cli.app" in modules
    assert modules & (HEAVY | {"memory", "soulsync_engine.contract", "soulsync_engine.models"}) == set()


def test_help_draws_nothing_with_rich(processes) -> None:
    assert not {name for name in imported_by(processes, "--help") if name.partition(".")[0] == "rich"}


def test_no_backend_is_a_hint_and_not_a_failure(processes) -> None:
    ended = processes.run("backends", SOULSYNC_BACKENDS="none")
    assert ended.code == ExitCode.OK
    assert json.loads(processes.run("backends", "--json", PYTHONPATH="").out).keys() == {"backends"}


def test_an_unknown_command_is_a_usage_error(processes) -> None:
    ended = processes.run("serch", "dawn")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert "Did you mean 'search'" in ended.err


def test_a_traceback_is_shown_only_when_debugging(processes, place) -> None:
    place.config.write_text("[server\n")
    plain, debugging = processes.run("status"), processes.run("--debug", "status")
    assert (plain.code, debugging.code) == (ExitCode.CONFIGURATION, ExitCode.CONFIGURATION)
    assert "Traceback" not in plain.err
    assert debugging.err.startswith("Traceback")
    assert debugging.err.endswith(plain.err)


def test_a_named_configuration_file_is_used(processes, place, tmp_path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[servers.attic]\nbackend = "reference"\n')
    ended = processes.run("--config", str(other), "servers", "list", "--json")
    assert [server["name"] for server in json.loads(ended.out)["servers"]] == ["attic"]


def install_memory(place, *, scenario: str = "small", slowly: float | None = None) -> None:
    """A server in the memory of every process; with `slowly`, it takes so many seconds for a page of tracks."""
    module = MEMORY.format(scenario=scenario)
    if slowly is not None:
        module += SLOW.format(seconds=slowly)
    place.install("soulsync-memory", "reference = memory:backend", module=module)
    place.configure(music=SETTINGS)


def interrupt_while_reading(processes, place, times: int) -> tuple[int, bytes, bytes]:
    """Run a sync, press Ctrl-C so many times while tracks are being read, and return how it ended."""
    running = processes.start("sync")
    deadline = time.monotonic() + 60
    while not (place.site / "reading").exists():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for _ in range(times):
        running.send_signal(signal.SIGINT)
        time.sleep(0.2)
    out, err = running.communicate(timeout=60)
    return running.returncode, out, err


def test_ctrl_c_stops_a_sync_with_one_sentence_and_the_next_one_completes(processes, place) -> None:
    install_memory(place, slowly=1)
    code, out, err = interrupt_while_reading(processes, place, 1)
    assert (code, out) == (ExitCode.INTERRUPTED, b""), err
    assert err.splitlines()[-1].startswith(b"Interrupted. What was read is kept")
    assert b"Traceback" not in err

    ended = processes.run("sync", "--json")
    assert ended.code == ExitCode.OK, ended.err
    assert ended.document["report"]["state"] == "complete"
    [music] = processes.run("status", "--json").document["servers"]
    assert (music["mirror"]["counts"]["tracks"], music["mirror"]["last_sync"]["state"]) == (17, "complete")


def test_ctrl_c_does_not_wait_for_the_page(processes, place) -> None:
    install_memory(place, slowly=30)
    started = time.monotonic()
    code, out, err = interrupt_while_reading(processes, place, 1)
    assert (code, out) == (ExitCode.INTERRUPTED, b""), err
    assert b"Traceback" not in err
    assert time.monotonic() - started < 30


PRESS = """
import os, signal, sys

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Press())
from soulsync_engine.cli import main
main()
"""


@pytest.mark.parametrize(
    "module", ["typer", "soulsync_engine.cli.app", "soulsync_engine.discovery", "importlib_metadata"]
)
def test_ctrl_c_while_modules_are_loaded_is_one_sentence(processes, place, module) -> None:
    install_memory(place)
    ended = processes.run("backends", program=PRESS.format(module=module))
    assert (ended.code, ended.out, ended.err) == (ExitCode.INTERRUPTED, "", "Interrupted.\n")


def test_ctrl_c_at_a_question_saves_nothing(processes, place) -> None:
    install_memory(place)
    place.config.unlink()
    shown, code = on_a_terminal(processes, ["servers", "add", "music", "--backend", "reference"], b"\x03")
    assert code == ExitCode.INTERRUPTED
    assert "Interrupted." in shown
    assert "Traceback" not in shown
    assert not place.config.exists()


def test_a_secret_typed_at_a_terminal_is_not_echoed(processes, place) -> None:
    install_memory(place)
    place.config.unlink()
    shown, code = on_a_terminal(
        processes,
        ["servers", "add", "music", "--backend", "reference"],
        b"memory://1\n",
        b"reference-token-8c1f\n",
    )
    assert code == ExitCode.OK, shown
    assert "memory://1" in shown
    assert "reference-token-8c1f" not in shown
    assert "reference-token-8c1f" in place.config.read_text()


TERMINAL = """
import os, pty, sys
command = [sys.executable, "-c", "from soulsync_engine.cli import main; main()", *sys.argv[1:]]
sys.exit(os.waitstatus_to_exitcode(pty.spawn(command)))
"""


def on_a_terminal(processes, arguments: list[str], *answers: bytes) -> tuple[str, int]:
    """Run a command on a terminal of its own, answering each prompt (a line that ends in a colon) in turn."""
    running = processes.start(*arguments, program=TERMINAL, stdin=subprocess.PIPE)
    shown, seen, waiting = b"", 0, list(answers)
    while chunk := running.stdout.read1():
        shown += chunk
        if waiting and shown[seen:].rstrip(b" ").endswith(b":"):
            # The prompt is written just before echoing is switched off.
            time.sleep(0.3)
            seen = len(shown)
            running.stdin.write(waiting.pop(0))
            running.stdin.flush()
    _, err = running.communicate(timeout=30)
    return (shown + err).decode(errors="replace"), running.returncode


def test_a_bar_is_drawn_on_a_terminal(processes, place) -> None:
    install_memory(place, slowly=0.5)
    shown, code = on_a_terminal(processes, ["sync"])
    assert code == ExitCode.OK
    assert "music: tracks" in shown
    assert "━" in shown


def test_a_reader_that_leaves_early_is_no_error(processes, place) -> None:
    install_memory(place)
    assert processes.run("sync").code == ExitCode.OK
    listing = processes.start("changes", "--since", "0", "--json")
    listing.stdout.close()
    assert (listing.wait(timeout=30), listing.stderr.read()) == (ExitCode.BROKEN_PIPE, b"")


def test_a_reader_that_leaves_early_hides_no_traceback_of_a_failure(processes, place) -> None:
    place.install("soulsync-lost", "lost = no_such_module:backend")
    failing = processes.start("doctor", "--json")
    failing.stdout.close()
    assert (failing.wait(timeout=30), failing.stderr.read()) == (ExitCode.BROKEN_PIPE, b"")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_keeps_no_command_from_its_work(processes, place, closed) -> None:
    install_memory(place)
    program = "from soulsync_engine.cli import main; main()"
    command = f'exec "$0" -c "$1" sync {closed}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, program], env=processes.environ(), timeout=60, check=False
    )
    assert done.returncode == ExitCode.OK
    assert " complete" in processes.run("status").out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_for_which_there_is_no_space_is_told_in_one_sentence(processes, place) -> None:
    install_memory(place)
    command = 'exec "$0" -c "from soulsync_engine.cli import main; main()" backends >/dev/full'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable],
        env=processes.environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == ExitCode.FAILED
    assert done.stderr.startswith("The output could not be written, as no space is left")
    assert "Traceback" not in done.stderr


def test_a_terminal_without_unicode_gets_question_marks(processes, place) -> None:
    install_memory(place, scenario="odd")
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    assert processes.run("sync", **ascii_only).code == ExitCode.OK
    ended = processes.run("changes", "--since", "0", **ascii_only)
    assert ended.code == ExitCode.OK, ended.err
    assert "?" in ended.out


EXTRA = """
from soulsync_engine.plugin import hookimpl

class Greeting:
    @hookimpl
    def soulsync_cli_commands(self, app):
        @app.command()
        def greet(name: str) -> None:
            "Say hello."
            print(f"hello {name}")

        @app.command()
        def sync() -> None:
            "Not this one."
            print("taken over")

plugin = Greeting()
"""
BROKEN = """
from soulsync_engine.plugin import hookimpl

class Broken:
    @hookimpl
    def soulsync_cli_commands(self, app):
        raise RuntimeError("broken on purpose")

plugin = Broken()
"""


@pytest.fixture
def plugins(place):
    group = "soulsync_engine.plugins"
    place.install("soulsync-greeting", "greeting = greeting:plugin", group=group, module=EXTRA)
    place.install("soulsync-broken", "broken = broken:plugin", group=group, module=BROKEN)
    place.install("soulsync-lost", "lost = no_such_module:plugin", group=group)


def test_a_plugin_adds_a_command(processes, plugins) -> None:
    ended = processes.run("greet", "ada")
    assert (ended.code, ended.out) == (ExitCode.OK, "hello ada\n")
    assert "greet" in processes.run("--help").out


def test_a_plugin_that_fails_is_named_and_stops_nothing(processes, plugins) -> None:
    ended = processes.run("greet", "ada")
    assert "lost" in ended.err
    assert "broken" in ended.err
    assert "Traceback" not in ended.err


def test_a_plugin_does_not_take_over_a_command_and_is_not_imported_for_one(processes, plugins, place) -> None:
    ended = processes.run("servers", "--help")
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    assert "taken over" not in processes.run("sync").out
    assert "greeting" not in imported_by(processes, "backends")


def test_the_shell_completes_commands_and_servers(processes, place) -> None:
    place.configure(music=SETTINGS, mural=SETTINGS, attic=SETTINGS)

    def completed(words: str, at: int) -> list[str]:
        program = "import sys; sys.argv[0] = 'soulsync'; from soulsync_engine.cli import main; main()"
        asked = {"_SOULSYNC_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(at)}
        return processes.run(program=program, **asked).out.split()

    assert completed("soulsync s", 1) == ["status", "sync", "search", "scan", "servers"]
    assert completed("soulsync sync mu", 2) == ["music", "mural"]
