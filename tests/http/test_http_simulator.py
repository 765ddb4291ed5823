"""The simulator itself: strict about what it is asked, exact about what goes wrong."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from soulsync_engine.testing.simulator import (
    Answer,
    Effect,
    SimulatedRequest,
    Simulator,
    content_type,
    cut_body,
    cut_connection,
    delay,
    empty,
    html_page,
    huge,
    refuse,
    repeat,
    reset,
    status,
)

Reply = tuple[int, dict[str, str], bytes]


class Client:
    """One connection, kept open as long as the server keeps it."""

    def __init__(self, simulator: Simulator, prefix: str | None = None) -> None:
        parts = urlsplit(simulator.base_url)
        self._prefix = parts.path if prefix is None else prefix
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)

    def ask(self, method: str, path: str, body: str | None = None, form: bool = True) -> Reply:
        headers = {"Content-Type": "application/x-www-form-urlencoded" if form else "application/json"}
        self.connection.request(method, self._prefix + path, body, headers if body is not None else {})
        answer = self.connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def make(**options: object) -> Simulator:
    simulator = Simulator(**options)  # type: ignore[arg-type]

    @simulator.route("GET", "/page", query=("offset", "limit"))
    def page(request: SimulatedRequest) -> Answer:
        return Answer.json({"offset": request.number_of("offset", 0)})

    @simulator.route("POST", "/edit/{id}", query=("v",), form=("name", "note"), required=("name",))
    def edit(request: SimulatedRequest) -> Answer:
        return Answer.json([request.path_values["id"], request.values("name")])

    @simulator.route("POST", "/body", body=True)
    def body(request: SimulatedRequest) -> Answer:
        return Answer.json(request.json())

    return simulator


@pytest.fixture
def strict() -> Iterator[Simulator]:
    simulator = make(always=("u",))
    with simulator:
        yield simulator
        simulator.refusals.clear()


@pytest.fixture
def client(strict: Simulator) -> Iterator[Client]:
    client = Client(strict)
    yield client
    client.connection.close()


def test_routes_answer_and_the_log_tells_all(strict: Simulator, client: Client) -> None:
    assert client.ask("GET", "/page?offset=7&u=me")[2] == b'{"offset":7}'
    assert client.ask("POST", "/edit/a%2Fb?v=1", "name=x&name=%C3%BC")[2] == '["a/b",["x","ü"]]'.encode()
    assert client.ask("POST", "/body", '{"a":1}', form=False)[2] == b'{"a":1}'
    assert client.ask("HEAD", "/page")[2] == b""
    assert [(each.number, each.method, each.path, each.route) for each in strict.requests] == [
        (1, "GET", "/page", "/page"),
        (2, "POST", "/edit/a/b", "/edit/{id}"),
        (3, "POST", "/body", "/body"),
        (4, "HEAD", "/page", "/page"),
    ]
    assert strict.requests[0].query == (("offset", "7"), ("u", "me"))
    assert strict.requests[1].form == (("name", "x"), ("name", "ü"))
    assert strict.refusals == []


@pytest.mark.parametrize(
    ("method", "target", "body", "code", "reason"),
    [
        ("GET", "/page?ofset=1", None, 400, "unknown parameters: ofset"),
        ("GET", "/page?Offset=1", None, 400, "unknown parameters: Offset"),
        ("GET", "/page?offset=one", None, 400, "'one', not a whole number"),
        ("GET", "/page?offset=1&offset=2", None, 400, "sent 2 times"),
        ("POST", "/edit/1", "nam=x", 400, "unknown parameters: nam"),
        ("POST", "/edit/1", "note=x", 400, "needs name"),
        ("POST", "/edit/1?name=x", "name=x", 400, "the query of /edit/{id} has unknown parameters: name"),
        ("GET", "/page", "offset=1", 400, "takes no form"),
        ("POST", "/page", None, 405, "takes no POST"),
        ("GET", "/pag", None, 404, "there is no /pag"),
        ("GET", "/page/", None, 404, "there is no /page/"),
        ("POST", "/body", "{", 400, "not JSON"),
    ],
)
def test_what_the_server_does_not_have_is_refused_and_remembered(
    strict: Simulator, client: Client, method: str, target: str, body: str | None, code: int, reason: str
) -> None:
    got, _, text = client.ask(method, target, body, form=target != "/body")
    assert got == code
    assert reason in text.decode()
    [refusal] = strict.refusals
    assert reason in refusal


def test_a_typo_fails_the_test_even_when_the_client_copes_with_it() -> None:
    with pytest.raises(AssertionError, match="unknown parameters: ofset"), make() as simulator:
        Client(simulator).ask("GET", "/page?ofset=1")


def test_a_failing_handler_fails_the_test() -> None:
    simulator = make()

    @simulator.route("GET", "/bug")
    def bug(request: SimulatedRequest) -> Answer:
        raise ZeroDivisionError

    with pytest.raises(AssertionError, match="ZeroDivisionError"), simulator:
        assert Client(simulator).ask("GET", "/bug")[0] == 500


def test_what_a_server_lacks_on_purpose_is_no_typo() -> None:
    simulator = make()
    simulator.absent("/api/{rest...}")
    with simulator:
        assert Client(simulator).ask("GET", "/api/song?x=1")[0] == 404


def test_case_means_nothing_where_a_server_does_not_care() -> None:
    with make(ignore_case=True, prefix="/Jelly") as simulator:
        assert Client(simulator).ask("GET", "/PAGE?OffSet=3")[2] == b'{"offset":3}'


def test_what_is_outside_of_the_sub_path_is_not_the_servers() -> None:
    with make(prefix="/sub/") as simulator:
        assert simulator.base_url.endswith("/sub")
        client = Client(simulator, prefix="")
        assert client.ask("GET", "/page")[0] == 404
        assert simulator.refusals == ["request 1: GET /page is outside of /sub"]
        simulator.refusals.clear()
        assert client.ask("GET", "/sub/page")[0] == 200


FAULTY: list[tuple[Effect, int, str, bytes]] = [
    (status(401), 401, "text/plain", b""),
    (status(403, body=b"no"), 403, "text/plain", b"no"),
    (status(500), 500, "text/plain", b""),
    (content_type("text/plain"), 200, "text/plain", b'{"offset":1}'),
    (empty(), 200, "application/json", b""),
    (cut_body(), 200, "application/json", b'{"offs'),
]


@pytest.mark.parametrize(("effect", "code", "kind", "body"), FAULTY)
def test_a_fault_is_the_answer_and_the_connection_lives(
    strict: Simulator, client: Client, effect: Effect, code: int, kind: str, body: bytes
) -> None:
    strict.faults.at(1, effect)
    got, headers, sent = client.ask("GET", "/page?offset=1")
    assert (got, headers["content-type"], sent) == (code, kind, body)
    assert client.ask("GET", "/page?offset=1")[2] == b'{"offset":1}'


def test_retry_after_comes_in_both_forms(strict: Simulator, client: Client) -> None:
    strict.faults.at(1, status(429, retry_after=7))
    strict.faults.at(2, status(429, retry_after=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)))
    assert client.ask("GET", "/page")[1]["retry-after"] == "7"
    assert client.ask("GET", "/page")[1]["retry-after"] == "Wed, 02 Jan 2030 03:04:05 GMT"


def test_a_login_page_is_html(strict: Simulator, client: Client) -> None:
    strict.faults.at(1, html_page())
    code, headers, body = client.ask("GET", "/page")
    assert (code, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"<html>" in body


def test_a_cut_connection_promises_more_than_it_sends(strict: Simulator, client: Client) -> None:
    strict.faults.at(1, cut_connection())
    with pytest.raises(http.client.IncompleteRead) as error:
        client.ask("GET", "/page")
    assert (error.value.partial, error.value.expected) == (b'{"offs', 6)


def test_a_reset_is_a_reset(strict: Simulator, client: Client) -> None:
    strict.faults.at(1, reset())
    with pytest.raises(ConnectionResetError):
        client.ask("GET", "/page")


def test_a_server_that_refuses_can_come_back_at_the_same_address(strict: Simulator, client: Client) -> None:
    address = strict.base_url
    strict.faults.at(1, refuse())
    with pytest.raises(ConnectionError):
        client.ask("GET", "/page")
    with pytest.raises(ConnectionRefusedError):
        Client(strict).ask("GET", "/page")
    strict.listen()
    assert strict.base_url == address
    assert Client(strict).ask("GET", "/page")[0] == 200


def test_a_page_can_come_twice(strict: Simulator, client: Client) -> None:
    strict.faults.at(2, repeat())
    bodies = [client.ask("GET", f"/page?offset={n}")[2] for n in range(3)]
    assert bodies == [b'{"offset":0}', b'{"offset":0}', b'{"offset":2}']


def test_a_delay_holds_up_nobody_else(strict: Simulator, client: Client) -> None:
    strict.faults.always(delay(0.4), path="/body")
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        slow = pool.submit(client.ask, "POST", "/body", "{}", False)
        Client(strict).ask("GET", "/page")
        assert time.monotonic() - began < 0.3
        assert slow.result()[0] == 200
        assert time.monotonic() - began >= 0.4


def test_faults_count_per_path_and_the_first_ordered_counts(strict: Simulator, client: Client) -> None:
    strict.faults.at(2, status(500), path="/pa*")
    strict.faults.always(status(403), path="/body")
    strict.faults.always(status(401), path="/body")
    codes = [client.ask("POST", "/body", "{}", False)[0], *(client.ask("GET", "/page")[0] for _ in range(3))]
    assert codes == [403, 200, 500, 200]
    strict.forget()
    assert [client.ask("GET", "/page")[0] for _ in range(3)] == [200, 500, 200]
    strict.faults.clear()
    assert client.ask("POST", "/body", "{}", False)[0] == 200


@pytest.mark.parametrize("declared", [False, True])
def test_a_huge_body_is_streamed(strict: Simulator, client: Client, declared: bool) -> None:
    strict.faults.at(1, huge(5_000_000, declared=declared))
    _, headers, body = client.ask("GET", "/page")
    assert ("content-length" in headers) is declared
    assert len(body) == 5_000_000 // 65_536 * 65_536 + 2
    assert json.loads(body) == []


def test_a_client_that_goes_away_in_the_middle_asked_nothing(strict: Simulator) -> None:
    address = urlsplit(strict.base_url)
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        connection.sendall(b'POST /body HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n{"a"')
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert strict.requests == ()
    assert strict.refusals == []


def test_eight_at_once_are_answered_at_once() -> None:
    with make(latency=0.2) as simulator, ThreadPoolExecutor(8) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda n: Client(simulator).ask("GET", f"/page?offset={n}")[2], range(8)))
        assert time.monotonic() - began < 0.8
        assert answers == [b'{"offset":%d}' % n for n in range(8)]


def test_it_starts_and_stops_in_no_time_also_with_connections_open() -> None:
    began = time.monotonic()
    with make() as simulator:
        client = Client(simulator)
        client.ask("GET", "/page")
        address = urlsplit(simulator.base_url)
    assert time.monotonic() - began < 0.2
    with pytest.raises(ConnectionError):
        http.client.HTTPConnection(address.hostname or "", address.port, timeout=1).request("GET", "/")
    with pytest.raises((ConnectionError, http.client.BadStatusLine)):
        client.ask("GET", "/page")


def test_nobody_else_gets_the_port_of_a_server_that_refuses_connections() -> None:
    simulator = Simulator().start()
    address = simulator.base_url.removeprefix("http://").split(":")
    place = (address[0], int(address[1]))
    simulator.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, 5)
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(place)
    simulator.listen()
    socket.create_connection(place, 5).close()
    simulator.stop()
