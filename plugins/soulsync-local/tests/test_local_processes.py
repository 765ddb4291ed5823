"""Worker processes: what they answer, and what becomes of them."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path

import msgspec
import pytest

from soulsync_engine.testing.audio import AudioFormat, Tags, write_audio
from soulsync_local.processes import Processes
from soulsync_local.reading import BATCH, WORTH_PROCESSES, Reader
from soulsync_local.tags.values import FileTags

decode = msgspec.msgpack.Decoder(FileTags).decode


@pytest.fixture
def processes() -> Iterator[Processes]:
    processes = Processes()
    processes.grow(2)
    yield processes
    processes.close()


@pytest.fixture
def songs(tmp_path: Path) -> list[bytes]:
    paths = []
    for number in range(5):
        path = tmp_path / f"{number}.flac"
        write_audio(path, AudioFormat.FLAC, Tags(title=str(number)))
        paths.append(os.fsencode(path))
    return paths


def titles(found: list[object]) -> list[str | None]:
    return [decode(one).title for one in found if isinstance(one, bytes)]


def test_answers_come_in_the_order_of_asking(processes: Processes, songs: list[bytes]) -> None:
    answers = [processes.submit([song]) for song in songs for _ in range(10)]
    assert [titles(answer.result()) for answer in answers] == [
        [str(number)] for number in range(5) for _ in range(10)
    ]


def test_what_could_not_be_read_has_its_reason(processes: Processes, songs: list[bytes]) -> None:
    found = processes.submit([songs[0], b"/nowhere/song.mp3"]).result()
    assert titles(found) == ["0"]
    assert found[1][0] == "missing"


def test_many_long_names_and_answers_that_nobody_takes_yet_block_nobody(
    processes: Processes, songs: list[bytes]
) -> None:
    names = [b"/nowhere/" + bytes([97 + number % 26]) * 3000 for number in range(200)]
    answers = [processes.submit([*names, *songs * 100]) for _ in range(8)]
    assert [len(answer.result()) for answer in answers] == [700] * 8


def test_a_worker_that_had_nothing_to_do_is_replaced_and_its_answers_stay(
    songs: list[bytes],
) -> None:
    processes = Processes(idle_seconds=0.2)
    processes.grow(2)
    try:
        before = [processes.submit([song]) for song in songs]
        ended = list(processes._places)
        assert [worker._process.wait(20) for worker in ended] == [0, 0]
        after = [processes.submit([song]) for song in songs]
        assert [titles(answer.result()) for answer in before + after] == [
            ["0"],
            ["1"],
            ["2"],
            ["3"],
            ["4"],
        ] * 2
    finally:
        processes.close()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a system that can suspend a process")
def test_what_is_asked_of_a_worker_that_is_about_to_end_is_answered(songs: list[bytes]) -> None:
    processes = Processes(idle_seconds=0.2)
    processes.grow(1)
    try:
        assert titles(processes.submit(songs[:1]).result()) == ["0"]
        (worker,) = processes._places
        worker._process.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        answers = [processes.submit([song]) for song in songs]
        worker._process.send_signal(signal.SIGCONT)
        assert [titles(answer.result()) for answer in answers] == [["0"], ["1"], ["2"], ["3"], ["4"]]
    finally:
        processes.close()


def test_an_answer_of_a_worker_that_was_killed_never_comes(processes: Processes, songs: list[bytes]) -> None:
    answer = processes.submit(songs * 1000)
    processes._places[0]._process.kill()
    with pytest.raises(BrokenExecutor, match="has ended"):
        answer.result()


def test_places_of_modules_that_no_program_can_be_given_are_left_out(
    songs: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = [None, 7, "nul\0", "\ud800", "", "-x", "\udcff", Path("/nowhere")]
    monkeypatch.setattr(sys, "path", [*odd, *sys.path])
    processes = Processes()
    processes.grow(1)
    try:
        assert titles(processes.submit(songs[:1]).result()) == ["0"]
    finally:
        processes.close()


def test_what_a_library_prints_is_no_answer(songs: list[bytes]) -> None:
    program = (
        "import soulsync_local.worker as worker\n"
        "worker.read_encoded = lambda paths: print('a warning', flush=True) or [b'found']\n"
        "worker.serve(20)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        assert worker.stderr is not None
        pickle.dump(songs, worker.stdin)
        worker.stdin.flush()
        assert pickle.load(worker.stdout) == [b"found"]
        worker.stdin.close()
        assert worker.stderr.read() == b"a warning\n"


def test_a_worker_that_is_killed_takes_nothing_from_a_scan(
    songs: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    paths = (songs * (WORTH_PROCESSES // 5 + 1))[: WORTH_PROCESSES + 100]
    reader = Reader(None, 2, logging.getLogger("scan"))
    reader.start(iter(paths), len(paths))
    try:
        read = reader.take()
        assert len(read) == BATCH
        assert reader._own is not None
        for worker in reader._own._places:
            worker._process.kill()
        while len(read) < len(paths):
            read += reader.take()
    finally:
        reader.close()
    assert [decode(one.tags).title for one in read if one.tags] == [
        str(number % 5) for number in range(len(paths))
    ]
    assert "died" in caplog.text


def test_workers_start_as_it_turns_out_how_much_there_is_to_read(songs: list[bytes]) -> None:
    few = WORTH_PROCESSES // BATCH
    reader = Reader(None, few + 2, logging.getLogger("scan"))
    try:
        reader.prepare(WORTH_PROCESSES - 1)
        assert reader._own is None
        reader.prepare(WORTH_PROCESSES)
        assert reader._own is not None
        assert len(reader._own) == few
        reader.start(iter(songs), 100 * BATCH)
        assert len(reader._own) == few + 2
        assert len(reader.take()) == len(songs)
    finally:
        reader.close()


@pytest.mark.parametrize("executable", ["", "/nowhere/python"])
def test_without_an_interpreter_to_start_this_process_reads(
    songs: list[bytes], executable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    paths = songs * (WORTH_PROCESSES // 5)
    reader = Reader(None, 2, logging.getLogger("scan"))
    reader.start(iter(paths), len(paths))
    read = []
    while len(read) < len(paths):
        read += reader.take()
    assert all(one.tags for one in read)
