"""No secret in anything that is handed out, raised, shown or logged."""

import logging
import traceback
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from soulsync_engine.errors import ConfigurationError, SoulSyncError
from soulsync_engine.http import Exchange, HttpTransport, decode, raise_for_status
from soulsync_engine.testing.simulator import (
    Answer,
    Effect,
    Simulator,
    cut_body,
    cut_connection,
    delay,
    empty,
    html_page,
    huge,
    refuse,
    reset,
    status,
)

Connect = Callable[..., HttpTransport]

CANARY = "c&nary/ß s3cret+1"
FORMS = {CANARY, quote(CANARY), quote(CANARY, safe=""), CANARY.replace(" ", "+"), "nary", "s3cret"}


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything that tools may reach from it, suppressed contexts included."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def assert_clean(text: str) -> None:
    assert not [form for form in FORMS if form.lower() in text.lower()], text


def redirect(exchange: object) -> Answer:
    return Answer(status=302, headers={"Location": f"https://sso.example/?token={quote(CANARY)}"})


@pytest.mark.parametrize(
    "fault",
    [
        reset(),
        refuse(),
        delay(0.3),
        cut_connection(),
        cut_body(),
        empty(),
        html_page(),
        huge(3_000_000),
        redirect,
        lambda exchange: Answer(body=CANARY.encode(), headers={"Content-Encoding": "gzip"}),
        lambda exchange: Answer(body=CANARY.encode(), content_type="text/plain"),
        lambda exchange: Answer(status=200, headers={"Bad Header": CANARY}),
        *(status(code, body=CANARY.encode()) for code in (400, 401, 403, 404, 429, 500, 503)),
    ],
)
def test_no_failure_shows_what_was_sent(
    simulator: Simulator, connect: Connect, fault: Effect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[Exchange] = []
    transport = connect(timeout=0.1, observe=seen.append)
    simulator.faults.always(fault)
    with pytest.raises(SoulSyncError) as raised:
        decode(
            raise_for_status(
                transport.request(
                    "POST",
                    "items",
                    params={"t": CANARY},
                    headers={"X-Token": quote(CANARY), "Authorization": f"Bearer {quote(CANARY)}"},
                    form={"name": CANARY},
                    idempotent=True,
                )
            ),
            dict[str, object],
        )
    for error in chain(raised.value):
        assert_clean(f"{error!s} {error!r} {vars(error)}")
        assert isinstance(error, SoulSyncError)
    assert_clean("".join(traceback.format_exception(raised.value)))
    assert_clean(caplog.text)
    assert_clean(repr(seen))
    assert_clean(repr(transport))
    assert "soulsync_engine.server.attic" in {record.name for record in caplog.records}


@pytest.mark.parametrize("secret", [f"{CANARY}\r\nX-Evil: 1", f"{CANARY}\n", f"{CANARY}⚡", f"{CANARY}\x00"])
def test_a_header_that_cannot_be_sent_is_a_mistake_in_the_settings(
    simulator: Simulator, transport: HttpTransport, secret: str
) -> None:
    with pytest.raises(ConfigurationError, match="credentials") as raised:
        transport.request("GET", "items", headers={"X-Token": secret})
    assert_clean("".join(map(repr, chain(raised.value))))
    assert simulator.requests == ()


def test_an_answer_shows_neither_its_headers_nor_its_body(
    simulator: Simulator, transport: HttpTransport
) -> None:
    simulator.faults.always(
        lambda exchange: Answer(body=CANARY.encode(), headers={"X-New-Token": quote(CANARY)})
    )
    answer = transport.request("GET", "items", params={"t": CANARY})
    assert answer.headers["x-new-token"] == quote(CANARY)
    assert_clean(f"{answer!r} {answer!s}")


def test_the_librarys_log_is_silenced_for_our_requests_alone(
    simulator: Simulator, transport: HttpTransport, caplog: pytest.LogCaptureFixture
) -> None:
    import httpx

    caplog.set_level(logging.DEBUG)
    transport.request("GET", "items", params={"t": CANARY})
    assert {record.name for record in caplog.records} == {"soulsync_engine.server.attic"}
    assert "GET /items: 200," in caplog.text
    httpx.get(f"{simulator.base_url}/items")
    assert "httpx" in {record.name for record in caplog.records}
