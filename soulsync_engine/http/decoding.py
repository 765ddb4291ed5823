"""JSON into typed values: a whole answer, or a list of items of which one may be odd."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from types import GenericAlias
from typing import Generic, TypeVar, cast

import msgspec

from soulsync_engine.errors import SoulSyncError
from soulsync_engine.http.answer import HttpAnswer
from soulsync_engine.http.errors import UnexpectedAnswerError, UnreadableAnswerError
from soulsync_engine.models import Kind, Problem

T = TypeVar("T")
WireT = TypeVar("WireT")
ModelT = TypeVar("ModelT")


@dataclass(frozen=True, kw_only=True)
class DecodedItems(Generic[ModelT]):
    """The items that could be read, in their order, and a problem for each that could not."""

    items: tuple[ModelT, ...]
    problems: tuple[Problem, ...] = ()


def decode(answer: HttpAnswer, shape: type[T]) -> T:
    """The body as a value of `shape`, whatever the status.

    Raises `UnreadableAnswerError` (retryable) for what is not JSON: an empty body, a page of something in between,
    half an answer; and `UnexpectedAnswerError` for JSON of another shape. Declare every field of a struct optional
    that the server may leave out or send as null, and a list of items as `msgspec.Raw`, for `decode_items`.
    """
    failure = _not_json(answer)
    if failure is None:
        try:
            return _decoder(shape).decode(answer.body)
        except msgspec.ValidationError as error:
            failure = _unexpected(answer, f"which has another shape than expected: {_sentence(error)}")
        except RecursionError:
            failure = _unexpected(answer, "which is nested too deeply")
        except (msgspec.DecodeError, UnicodeDecodeError):
            failure = UnreadableAnswerError(
                f"The answer to {answer.where} is not valid JSON, or not all of it came ({len(answer.body)} bytes).",
                server=answer.server,
                next_step="Try again; if it stays, something between here and the server shortens its answers.",
            )
    raise failure


def decode_items(
    raw: msgspec.Raw,
    wire: type[WireT],
    to_model: Callable[[WireT], ModelT],
    *,
    kind: Kind,
    id_key: str = "id",
) -> DecodedItems[ModelT]:
    """The items of a JSON list, decoded as `wire` and mapped; one that cannot be read does not take others with it.

    `to_model` raises `ValueError` for an item that makes no sense. A list that is missing or null is empty. What is no
    list at all raises `msgspec.ValidationError`. `id_key` is where an item has its id, for the problem that names it.
    """
    source = bytes(raw)
    if source in (b"", b"null"):
        return DecodedItems(items=())
    try:
        return DecodedItems(items=tuple(map(to_model, _list_decoder(wire).decode(source))))
    except (ValueError, RecursionError):
        # Something in there is odd. Only now is it worth looking at each item by itself.
        return _one_by_one(source, wire, to_model, kind=kind, id_key=id_key)


def _one_by_one(
    source: bytes, wire: type[WireT], to_model: Callable[[WireT], ModelT], *, kind: Kind, id_key: str
) -> DecodedItems[ModelT]:
    items: list[ModelT] = []
    problems: list[Problem] = []
    for item in _list_decoder(msgspec.Raw).decode(source):
        try:
            items.append(to_model(_decoder(wire).decode(item)))
        except (ValueError, RecursionError) as error:
            problems.append(Problem(kind=kind, reason=_sentence(error), id=_id_of(item, id_key)))
    return DecodedItems(items=tuple(items), problems=tuple(problems))


def _id_of(item: msgspec.Raw, id_key: str) -> str | None:
    try:
        value = _decoder(dict[str, msgspec.Raw]).decode(item)[id_key]
        found = msgspec.json.decode(value, type=str | int)
    except (ValueError, KeyError, RecursionError):
        return None
    return str(found)


def _not_json(answer: HttpAnswer) -> SoulSyncError | None:
    if not answer.body.strip():
        return UnreadableAnswerError(
            f"The answer to {answer.where} is empty.",
            server=answer.server,
            next_step="The server may still be starting; try again.",
        )
    kind = answer.content_type
    if kind and "json" not in kind and "javascript" not in kind:
        what = "a web page" if "html" in kind else repr(kind)
        return UnreadableAnswerError(
            f"{answer.where} was answered with {what} instead of JSON, so it was not the server that answered "
            "but something in between, such as the login page of a proxy.",
            server=answer.server,
            next_step="Check the address, and let the proxy pass the server's API.",
        )
    return None


def _unexpected(answer: HttpAnswer, what: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(
        f"{answer.where} was answered with JSON {what}.",
        server=answer.server,
        next_step="Check that the address is this server's, and that its version is supported.",
    )


def _sentence(error: Exception) -> str:
    """What was wrong, without the bytes."""
    if isinstance(error, UnicodeDecodeError):
        return "it holds text that is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)


def _decoder(shape: type[T]) -> msgspec.json.Decoder[T]:
    return cast("msgspec.json.Decoder[T]", _made(cast("Hashable", shape)))


def _list_decoder(item: type[T]) -> msgspec.json.Decoder[list[T]]:
    return cast("msgspec.json.Decoder[list[T]]", _made(GenericAlias(list, (item,))))


@lru_cache(maxsize=256)
def _made(shape: Hashable) -> object:
    """Making a decoder takes far longer than using it on a small answer."""
    return msgspec.json.Decoder(shape)
