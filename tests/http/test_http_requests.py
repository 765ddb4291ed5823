"""Plain requests: what is sent, what comes back, and where it may go."""

import gzip
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from soulsync_engine.errors import ClosedError, ConfigurationError
from soulsync_engine.http import (
    AnswerTooLargeError,
    Exchange,
    HttpTransport,
    TimedOutError,
    UnexpectedAnswerError,
)
from soulsync_engine.testing.simulator import Answer, SimulatedRequest, Simulator, delay, huge, status

Connect = Callable[..., HttpTransport]


def test_a_request_goes_below_the_sub_path_with_its_parameters(
    simulator: Simulator, transport: HttpTransport
) -> None:
    answer = transport.request("GET", "/items", params={"limit": 2, "offset": None, "u": ["a b", "&"]})
    assert (answer.status, answer.content_type, answer.path) == (200, "application/json", "/items")
    assert answer.body == b'{"items":[{"id":"0","name":"item 0"},{"id":"1","name":"item 1"}]}'
    assert answer.date is not None
    [request] = simulator.requests
    assert request.query == (("limit", "2"), ("u", "a b"), ("u", "&"))
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"].startswith("soulsync-engine/")


@pytest.mark.parametrize("id", ["a/b", "x?y=1#z", "50%", "..a", "ü ⚡", "'\"<>\r\nX-Evil: 1"])
def test_a_hostile_id_arrives_as_it_is(simulator: Simulator, transport: HttpTransport, id: str) -> None:
    transport.request("GET", ("items", id))
    [request] = simulator.requests
    assert request.path_values == {"id": id}
    assert "x-evil" not in request.headers


def test_a_body_is_a_form_or_json_or_bytes_but_only_one(
    simulator: Simulator, transport: HttpTransport
) -> None:
    transport.request("POST", "items", form=[("id", "1"), ("id", "ü&"), ("name", True)])
    transport.request("POST", "items", json={"id": 1})
    transport.request("POST", "items", content=b"raw", headers={"Content-Type": "text/plain"})
    form, json, raw = simulator.requests
    assert form.form == (("id", "1"), ("id", "ü&"), ("name", "true"))
    assert json.json() == {"id": 1}
    assert (raw.body, raw.headers["content-type"]) == (b"raw", "text/plain")
    with pytest.raises(ValueError, match="one body"):
        transport.request("POST", "items", json={}, content=b"")


def test_answers_of_every_status_are_handed_over_unjudged(
    simulator: Simulator, transport: HttpTransport
) -> None:
    simulator.faults.always(status(418, body=b'{"status":"failed"}'))
    answer = transport.request("GET", "items")
    assert (answer.status, answer.body) == (418, b'{"status":"failed"}')


def test_no_cookie_is_kept(simulator: Simulator, transport: HttpTransport) -> None:
    @simulator.route("GET", "/cookie")
    def cookie(request: SimulatedRequest) -> Answer:
        return Answer.json({}, headers={"Set-Cookie": "session=1; Path=/"})

    transport.request("GET", "cookie")
    transport.request("GET", "cookie")
    assert "cookie" not in simulator.requests[-1].headers


def test_a_redirect_on_the_same_origin_is_followed(simulator: Simulator, transport: HttpTransport) -> None:
    @simulator.route("GET", "/old")
    def old(request: SimulatedRequest) -> Answer:
        return Answer(status=301, headers={"Location": "/music/items?limit=1"})

    answer = transport.request("GET", "old", headers={"X-Token": "t"})
    assert answer.body == b'{"items":[{"id":"0","name":"item 0"}]}'
    assert simulator.requests[-1].headers["x-token"] == "t"


def test_credentials_never_follow_a_redirect_to_another_host(
    simulator: Simulator, transport: HttpTransport
) -> None:
    with Simulator() as stranger:

        @simulator.route("GET", "/moved")
        def moved(request: SimulatedRequest) -> Answer:
            return Answer(status=302, headers={"Location": f"{stranger.base_url}/steal?next=canary"})

        with pytest.raises(
            ConfigurationError, match=f"redirects GET /moved to {stranger.base_url}"
        ) as refusal:
            transport.request("GET", "moved", headers={"X-Token": "canary"})
        assert stranger.requests == ()
        assert "canary" not in str(refusal.value)


@pytest.mark.parametrize(
    "location", ["https://127.0.0.1/", "//evil.example/x", "http://[", "javascript:alert(1)"]
)
def test_a_redirect_to_another_scheme_or_to_nonsense_is_not_followed(
    simulator: Simulator, transport: HttpTransport, location: str
) -> None:
    @simulator.route("GET", "/moved")
    def moved(request: SimulatedRequest) -> Answer:
        return Answer(status=302, headers={"Location": location})

    with pytest.raises(ConfigurationError, match="not followed"):
        transport.request("GET", "moved")


def test_redirects_in_circles_end(simulator: Simulator, transport: HttpTransport) -> None:
    @simulator.route("GET", "/round")
    def moved(request: SimulatedRequest) -> Answer:
        return Answer(status=307, headers={"Location": "/music/round"})

    with pytest.raises(UnexpectedAnswerError, match="circles"):
        transport.request("GET", "round")
    assert len(simulator.requests) == 4


def test_a_write_is_not_turned_into_a_read_by_a_redirect(
    simulator: Simulator, transport: HttpTransport
) -> None:
    simulator.faults.always(lambda exchange: Answer(status=302, headers={"Location": "/music/items"}))
    with pytest.raises(UnexpectedAnswerError, match="would lose"):
        transport.request("POST", "items", json={})
    assert [request.method for request in simulator.requests] == ["POST"]


@pytest.mark.parametrize("declared", [False, True])
def test_an_endless_body_is_cut_off_at_the_limit(
    simulator: Simulator, transport: HttpTransport, declared: bool
) -> None:
    simulator.faults.at(1, huge(1_000_000_000, declared=declared))
    with pytest.raises(AnswerTooLargeError, match="larger than") as error:
        transport.request("GET", "items")
    assert error.value.retryable is False
    assert len(simulator.requests) == 1
    assert transport.request("GET", "items").status == 200


def test_a_compressed_bomb_is_cut_off_too(simulator: Simulator, transport: HttpTransport) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    simulator.faults.always(lambda exchange: Answer(body=bomb, headers={"Content-Encoding": "gzip"}))
    assert len(bomb) < 100_000
    with pytest.raises(AnswerTooLargeError):
        transport.request("GET", "items")


def test_listings_leave_room_for_a_short_question(simulator: Simulator, connect: Connect) -> None:
    transport = connect(max_concurrency=2)
    running = 0
    most = 0
    lock = threading.Lock()
    two_are_in = threading.Event()
    let_go = threading.Event()

    @simulator.route("GET", "/page")
    def page(request: SimulatedRequest) -> Answer:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == 2:
                two_are_in.set()
        let_go.wait(5)
        with lock:
            running -= 1
        return Answer.json({})

    with ThreadPoolExecutor(6) as pool:
        pages = [pool.submit(transport.request, "GET", "page", bulk=True) for _ in range(6)]
        assert two_are_in.wait(5)
        assert transport.request("GET", "items").status == 200
        let_go.set()
        assert {page.result().status for page in pages} == {200}
    assert most == 2


def test_requests_are_counted_and_observed(simulator: Simulator, connect: Connect) -> None:
    seen: list[Exchange] = []
    transport = connect(observe=seen.append)
    simulator.faults.at(1, status(503))
    transport.request("GET", "items", params={"t": "canary"})
    assert transport.count == len(simulator.requests) == 2
    assert [(each.method, each.path, each.status, each.failure) for each in seen] == [
        ("GET", "/items", 503, None),
        ("GET", "/items", 200, None),
    ]
    assert seen[1].size > 0
    assert seen[1].seconds > 0
    assert "canary" not in repr(seen)


def test_a_closed_transport_says_so_and_sends_nothing(simulator: Simulator, transport: HttpTransport) -> None:
    transport.request("GET", "items")
    transport.close()
    transport.close()
    with pytest.raises(ClosedError):
        transport.request("GET", "items")
    assert len(simulator.requests) == 1


def test_closing_while_threads_ask_leaves_them_with_answers_or_a_typed_error(
    simulator: Simulator, transport: HttpTransport
) -> None:
    def ask() -> type[BaseException] | None:
        try:
            while transport.request("GET", "items").status == 200:
                pass
        except ClosedError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        while len(simulator.requests) < 20 and not any(each.done() for each in asking):
            pass
        transport.close()
        assert [each.result(timeout=10) for each in asking] == [ClosedError] * 4


def test_a_timeout_of_one_request_replaces_the_usual_one(
    simulator: Simulator, transport: HttpTransport
) -> None:
    simulator.faults.always(delay(0.3))
    assert transport.request("GET", "items").status == 200
    with pytest.raises(TimedOutError, match="did not answer GET /items in time"):
        transport.request("GET", "items", timeout=0.05)
