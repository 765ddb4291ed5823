"""What is asked again, how often, and that threads do it together."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from soulsync_engine.errors import ClosedError, SoulSyncError, UnavailableError
from soulsync_engine.http import HttpAnswer, HttpTransport, RetryPolicy, TimedOutError, raise_for_status
from soulsync_engine.testing.simulator import (
    Answer,
    Effect,
    Exchange,
    SimulatedRequest,
    Simulator,
    cut_connection,
    delay,
    refuse,
    reset,
    status,
)

Connect = Callable[..., HttpTransport]


@pytest.mark.parametrize(
    "fault",
    [reset(), cut_connection(), status(429), status(502), status(503), status(504)],
    ids=["reset", "cut", "429", "502", "503", "504"],
)
def test_a_passing_fault_is_overcome_when_asking_twice_does_no_harm(
    simulator: Simulator, transport: HttpTransport, fault: Effect
) -> None:
    simulator.faults.at(1, fault)
    simulator.faults.at(2, fault)
    assert transport.request("GET", "items").status == 200
    assert len(simulator.requests) == 3


@pytest.mark.parametrize(
    "fault", [reset(), cut_connection(), status(429), status(503)], ids=["reset", "cut", "429", "503"]
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_is_not_idempotent_is_sent_once(
    simulator: Simulator, transport: HttpTransport, fault: Effect, method: str
) -> None:
    simulator.faults.always(fault)
    with pytest.raises(UnavailableError):
        raise_for_status(transport.request(method, "items", idempotent=False))
    assert len(simulator.requests) == 1


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 413, 500, 501])
def test_a_status_that_will_not_change_is_not_asked_again(
    simulator: Simulator, transport: HttpTransport, code: int
) -> None:
    simulator.faults.always(status(code))
    assert transport.request("GET", "items").status == code
    assert len(simulator.requests) == 1


def test_what_does_not_pass_is_given_up_with_the_last_answer(
    simulator: Simulator, transport: HttpTransport
) -> None:
    simulator.faults.always(status(503, body=b"busy"))
    answer = transport.request("GET", "items")
    assert (answer.status, answer.body) == (503, b"busy")
    assert len(simulator.requests) == 4


def test_a_refused_connection_is_tried_again_and_then_named(
    simulator: Simulator, transport: HttpTransport
) -> None:
    transport.request("GET", "items")
    simulator.faults.at(2, refuse())
    with pytest.raises(UnavailableError, match=r"No connection to http://127.0.0.1") as error:
        transport.request("GET", "items")
    assert error.value.retryable
    assert transport.count == 1 + 4
    simulator.listen()
    assert transport.request("GET", "items").status == 200


def test_a_timeout_is_tried_once_more_and_no_further(simulator: Simulator, connect: Connect) -> None:
    transport = connect(timeout=0.05)
    simulator.faults.always(delay(0.2))
    with pytest.raises(TimedOutError, match="did not answer GET /items in time"):
        transport.request("GET", "items")
    assert transport.count == 2


def test_an_answer_that_drips_is_given_up(simulator: Simulator, connect: Connect) -> None:
    def drip(exchange: Exchange) -> Answer:
        def chunks() -> object:
            while True:
                time.sleep(0.02)
                yield b" "

        return Answer(body=chunks)  # type: ignore[arg-type]

    simulator.faults.always(drip)
    began = time.monotonic()
    with pytest.raises(TimedOutError, match="too slowly"):
        connect(timeout=0.05).request("GET", "items", idempotent=False)
    assert time.monotonic() - began < 3


def test_the_server_is_left_alone_for_as_long_as_it_asks(
    simulator: Simulator, transport: HttpTransport
) -> None:
    simulator.faults.at(1, status(429, retry_after=1))
    began = time.monotonic()
    assert transport.request("GET", "items").status == 200
    assert 1.0 <= time.monotonic() - began < 2.0


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_that_wants_a_long_pause_is_not_asked_again(
    simulator: Simulator, transport: HttpTransport, form: str
) -> None:
    pause = 600 if form == "seconds" else datetime.now(UTC) + timedelta(seconds=600)
    simulator.faults.always(status(429, retry_after=pause))
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="too many requests") as error:
        raise_for_status(transport.request("GET", "items"))
    assert error.value.retry_after == pytest.approx(600, abs=2)
    assert len(simulator.requests) == 1
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("9" * 500, 86_400.0),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:00:00 GMT", 0.0),
        ("Wed, 21 Oct 2099 07:28:00 GMT", 86_400.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
    ],
)
def test_both_forms_of_retry_after_are_read_by_the_servers_own_clock(
    header: str, seconds: float | None
) -> None:
    headers = {"retry-after": header, "date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    answer = HttpAnswer(server="attic", method="GET", path="/x", status=429, headers=headers)
    assert answer.retry_after == seconds


def wait_for_a_request(simulator: Simulator) -> None:
    """Until the first request was sent and its answer has certainly arrived."""
    deadline = time.monotonic() + 5
    while not simulator.requests:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(0.1)


def ask_from_threads(transport: HttpTransport, threads: int) -> list[int | str]:
    """What each of several threads gets that ask at the same moment: a status, or the name of an error."""
    together = Barrier(threads)

    def ask(number: int) -> int | str:
        together.wait(5)
        try:
            return transport.request("GET", ("items", str(number))).status
        except SoulSyncError as error:
            return type(error).__name__

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(ask, range(threads)))


def test_threads_wait_together_while_one_of_them_tries(simulator: Simulator, connect: Connect) -> None:
    transport = connect(policy=RetryPolicy(attempts=6, first_pause=0.1, longest_pause=1.0), max_concurrency=8)
    down_until = time.monotonic() + 0.6

    def down(exchange: Exchange) -> Answer:
        return exchange.produce() if time.monotonic() > down_until else Answer(status=503)

    simulator.faults.always(down)
    assert ask_from_threads(transport, 8) == [200] * 8
    # Eight found it down, one went on asking (pauses of at least 0.1, 0.2 and 0.4 s), then seven more succeeded.
    assert len(simulator.requests) <= 8 + 4 + 7


def test_threads_give_up_together(simulator: Simulator, connect: Connect) -> None:
    transport = connect(
        policy=RetryPolicy(attempts=4, first_pause=0.05, longest_pause=1.0), max_concurrency=8
    )
    simulator.faults.always(status(503))
    began = time.monotonic()
    assert ask_from_threads(transport, 8) == [503] * 8
    # All but the leader ask at most once; the leader asks four times.
    assert len(simulator.requests) <= 8 + 3
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(("down", "found"), [("/items/0", 200), ("/items/*", 503)])
def test_a_thread_that_comes_during_an_outage_waits_and_then_asks_once(
    simulator: Simulator, connect: Connect, down: str, found: int
) -> None:
    transport = connect(policy=RetryPolicy(attempts=2, first_pause=0.3, longest_pause=1.0))
    simulator.faults.always(status(503), path=down)
    with ThreadPoolExecutor(2) as pool:
        leader = pool.submit(transport.request, "GET", ("items", "0"))
        wait_for_a_request(simulator)
        late = pool.submit(transport.request, "GET", ("items", "1"))
        assert leader.result().status == 503
        assert late.result().status == found
    assert [request.path for request in simulator.requests] == ["/items/0", "/items/0", "/items/1"]


def test_one_path_that_always_fails_does_not_keep_its_thread_for_ever(
    simulator: Simulator, transport: HttpTransport
) -> None:
    @simulator.route("GET", "/broken")
    def broken(request: SimulatedRequest) -> Answer:
        return Answer(status=503)

    with ThreadPoolExecutor(4) as pool:
        failing = pool.submit(transport.request, "GET", "broken")
        fine = [pool.submit(transport.request, "GET", "items") for _ in range(30)]
        assert failing.result(timeout=10).status == 503
        assert {each.result(timeout=10).status for each in fine} == {200}


def test_closing_ends_a_pause(simulator: Simulator, connect: Connect) -> None:
    transport = connect(policy=RetryPolicy(attempts=3, first_pause=20.0, longest_pause=20.0))
    simulator.faults.always(status(503))
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(transport.request, "GET", "items") for _ in range(2)]
        wait_for_a_request(simulator)
        began = time.monotonic()
        transport.close()
        for each in asking:
            with pytest.raises(ClosedError):
                each.result(timeout=5)
    assert time.monotonic() - began < 2
