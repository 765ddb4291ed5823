"""What an answer means: its status, whether it is JSON, and items of which some are odd."""

from collections.abc import Callable

import msgspec
import pytest

from soulsync_engine.errors import (
    AuthenticationError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    SoulSyncError,
    UnavailableError,
)
from soulsync_engine.http import (
    BadRequestError,
    DecodedItems,
    HttpAnswer,
    HttpTransport,
    StatusMeaning,
    UnexpectedAnswerError,
    UnreadableAnswerError,
    decode,
    decode_items,
    raise_for_status,
)
from soulsync_engine.models import Kind, Problem
from soulsync_engine.testing.simulator import (
    Answer,
    Effect,
    Simulator,
    content_type,
    cut_body,
    empty,
    html_page,
    status,
)


class Row(msgspec.Struct):
    id: str | None = None
    name: str | None = None


class Listing(msgspec.Struct):
    items: msgspec.Raw = msgspec.Raw()


class Page(msgspec.Struct):
    rows: list[msgspec.Raw] | None = None
    total: int | None = None


@pytest.mark.parametrize(
    ("code", "error", "retryable"),
    [
        (401, AuthenticationError, False),
        (403, NotAllowedError, False),
        (404, NotFoundError, False),
        (410, NotFoundError, False),
        (409, ConflictError, True),
        (429, UnavailableError, True),
        (500, UnavailableError, True),
        (503, UnavailableError, True),
        (400, BadRequestError, False),
        (414, UnexpectedAnswerError, False),
        (304, UnexpectedAnswerError, False),
        (501, UnexpectedAnswerError, False),
    ],
)
def test_a_status_is_the_fitting_error(
    simulator: Simulator, transport: HttpTransport, code: int, error: type[SoulSyncError], retryable: bool
) -> None:
    simulator.faults.always(status(code))
    with pytest.raises(error) as raised:
        raise_for_status(transport.request("GET", "items", idempotent=False))
    assert type(raised.value) is error
    assert raised.value.retryable is retryable
    assert raised.value.server == "attic"
    assert str(code) in str(raised.value)


STARTING = StatusMeaning(
    error=UnavailableError, says="The jukebox warms up", next_step="Wait for its lamp.", quotes=True
)


@pytest.mark.parametrize(
    ("said", "kind", "quote"),
    [
        (b'"Valves are\n cold"', "application/json", "Valves are cold"),
        (b"x" * 500, "text/plain", "x" * 200 + "…"),
        (b"", None, "it gives no reason"),
        (b"<h1>Secret</h1>", "text/html; charset=utf-8", "it gives no reason"),
    ],
    ids=["text", "long", "empty", "page"],
)
def test_a_backend_says_what_its_server_means_by_a_status(
    simulator: Simulator, transport: HttpTransport, said: bytes, kind: str | None, quote: str
) -> None:
    headers = {"Retry-After": "60"}
    simulator.faults.always(
        lambda exchange: Answer(status=503, body=said, content_type=kind, headers=headers)
    )
    with pytest.raises(UnavailableError) as raised:
        raise_for_status(transport.request("GET", "items"), {503: STARTING})
    assert str(raised.value) == f"attic: The jukebox warms up (GET /items: 503): {quote}. Wait for its lamp."
    assert raised.value.retry_after == 60


def test_a_status_without_a_meaning_of_its_own_means_the_usual(
    simulator: Simulator, transport: HttpTransport
) -> None:
    simulator.faults.always(status(404))
    with pytest.raises(NotFoundError):
        raise_for_status(transport.request("GET", "items"), {503: STARTING})
    simulator.faults.clear()
    answer = transport.request("GET", "items")
    assert raise_for_status(answer, {200: STARTING}) is answer


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (html_page(), "web page instead of JSON.*in between"),
        (content_type("text/plain"), "'text/plain' instead of JSON"),
        (empty(), "is empty"),
        (lambda exchange: Answer(body=b" \n"), "is empty"),
        (cut_body(), "not all of it came"),
        (lambda exchange: Answer(body=b'{"items":"\xff"}'), "not valid JSON"),
        (lambda exchange: Answer(body=b"<html>", content_type=None), "not valid JSON"),
    ],
)
def test_what_is_not_json_is_told_from_what_the_server_says(
    simulator: Simulator, transport: HttpTransport, fault: Effect, message: str
) -> None:
    simulator.faults.always(fault)
    with pytest.raises(UnreadableAnswerError, match=message) as error:
        decode(transport.request("GET", "items"), dict[str, object])
    assert error.value.retryable
    assert error.value.__context__ is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"id":7}', r"another shape.*Expected `str \| null`, got `int` - at `\$.id`"),
        (b"[]", "another shape"),
        (b'{"x":' + b"[" * 1_000_000, "nested too deeply"),
    ],
)
def test_json_of_another_shape_is_not_worth_asking_again(
    simulator: Simulator, transport: HttpTransport, body: bytes, message: str
) -> None:
    simulator.faults.always(lambda exchange: Answer(body=body))
    with pytest.raises(UnexpectedAnswerError, match=message) as error:
        decode(transport.request("GET", "items", max_bytes=2_000_000), Row)
    assert error.value.retryable is False


@pytest.mark.parametrize(
    "type_sent", ["application/json; charset=utf-8", "text/json", "application/vnd.x+json", None]
)
def test_json_is_json_under_each_of_its_names(
    simulator: Simulator, transport: HttpTransport, type_sent: str | None
) -> None:
    simulator.faults.always(content_type(type_sent))
    assert decode(transport.request("GET", ("items", "7")), Row) == Row(id="7")


def read(body: bytes, to_model: Callable[[Row], str] | None = None) -> DecodedItems[str]:
    listing = msgspec.json.decode(body, type=Listing)
    return decode_items(listing.items, Row, to_model or (lambda row: row.name or "?"), kind=Kind.TRACK)


def test_items_are_decoded_in_their_order() -> None:
    assert read(b'{"items":[{"name":"b","new":1},{"name":"a"}]}') == DecodedItems(items=("b", "a"))


@pytest.mark.parametrize("body", [b"{}", b'{"items":null}', b'{"items":[]}'])
def test_no_list_is_an_empty_list(body: bytes) -> None:
    assert read(body) == DecodedItems(items=())


def test_odd_items_are_named_and_take_no_other_with_them() -> None:
    body = (
        b'{"items":[{"id":"1","name":"good"},{"id":"2","name":3},{"id":4},"text",null,'
        b'{"id":5,"name":true},{"id":"6","name":"\xff"},{"id":"7","name":"last"}]}'
    )
    assert read(body) == DecodedItems(
        items=("good", "last"),
        problems=(
            Problem(kind=Kind.TRACK, id="2", reason="Expected `str | null`, got `int` - at `$.name`"),
            Problem(kind=Kind.TRACK, id="4", reason="Expected `str | null`, got `int` - at `$.id`"),
            Problem(kind=Kind.TRACK, reason="Expected `object`, got `str`"),
            Problem(kind=Kind.TRACK, reason="Expected `object`, got `null`"),
            Problem(kind=Kind.TRACK, id="5", reason="Expected `str | null`, got `int` - at `$.id`"),
            Problem(kind=Kind.TRACK, id="6", reason="it holds text that is not UTF-8"),
        ),
    )


def test_every_item_of_a_long_list_is_mapped_once_in_its_order_around_odd_ones() -> None:
    names = [f'{{"id":"{number}","name":"{number}"}}' for number in range(120)]
    names[7] = '{"id":"7"}'
    names[60] = '{"id":"60","name":60}'
    names[61] = '{"id":"61"}'
    seen: list[str] = []

    def to_model(row: Row) -> str:
        if row.name is None:
            raise ValueError("it has no name")
        seen.append(row.name)
        return row.name

    found = read(f'{{"items":[{",".join(names)}]}}'.encode(), to_model)
    assert list(found.items) == seen == [str(number) for number in range(120) if number not in (7, 60, 61)]
    assert [problem.id for problem in found.problems] == ["7", "60", "61"]


def test_an_item_that_cannot_be_mapped_is_a_problem_too() -> None:
    def to_model(row: Row) -> str:
        if row.name is None:
            raise ValueError("it has no name")
        return row.name

    assert read(b'{"items":[{"id":"1"},{"id":"2","name":"b"}]}', to_model) == DecodedItems(
        items=("b",), problems=(Problem(kind=Kind.TRACK, id="1", reason="it has no name"),)
    )


def test_a_mistake_in_the_mapper_is_not_taken_for_a_bad_item() -> None:
    def to_model(row: Row) -> str:
        raise KeyError(row.id)

    with pytest.raises(KeyError):
        read(b'{"items":[{"id":"1"}]}', to_model)


def test_what_is_no_list_at_all_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        read(b'{"items":{"id":"1"}}')


def answer_with(body: bytes) -> HttpAnswer:
    return HttpAnswer(server="attic", method="GET", path="/rows", status=200, body=body)


@pytest.mark.parametrize("odd", [b'{"id":"2","name":3}', b'{"id":"2","name":"\xff"}', b'{"id":"2"}'])
def test_a_listing_is_read_around_its_odd_items(odd: bytes) -> None:
    def to_model(row: Row) -> str:
        if row.name is None:
            raise ValueError("it has no name")
        return row.name

    answer = answer_with(b'{"total":3,"rows":[{"id":"1","name":"a"},%b,{"id":"3","name":"c"}]}' % odd)
    page = decode(answer, Page)
    found = decode_items(page.rows, Row, to_model, kind=Kind.ALBUM)
    assert page.total == 3
    assert found.items == ("a", "c")
    assert [(problem.kind, problem.id) for problem in found.problems] == [(Kind.ALBUM, "2")]


def test_a_listing_without_its_list_is_empty() -> None:
    page = decode(answer_with(b'{"total":0}'), Page)
    assert decode_items(page.rows, Row, lambda row: row, kind=Kind.ALBUM) == DecodedItems(items=())


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"rows":[{"id":"1"}', UnreadableAnswerError),
        (b'{"rows":7}', UnexpectedAnswerError),
        (b"", UnreadableAnswerError),
    ],
)
def test_a_listing_that_is_wrong_as_a_whole_is_an_error(body: bytes, error: type[SoulSyncError]) -> None:
    with pytest.raises(error) as raised:
        decode(answer_with(body), Page)
    assert type(raised.value) is error
