"""JSON into typed values: a whole answer, or a list of items of which one may be odd."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Final, Generic, TypeVar, cast

import msgspec

from soulsync_engine.errors import SoulSyncError
from soulsync_engine.http.answer import HttpAnswer
from soulsync_engine.http.errors import UnexpectedAnswerError, UnreadableAnswerError
from soulsync_engine.models import Kind, Problem

T = TypeVar("T")
WireT = TypeVar("WireT")
ModelT = TypeVar("ModelT")

_AT_ONCE: Final = 50
"""How many items are decoded before they are mapped."""
_RAW_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, kw_only=True)
class DecodedItems(Generic[ModelT]):
    """The items that could be read, in their order, and a problem for each that could not."""

    items: tuple[ModelT, ...]
    problems: tuple[Problem, ...] = ()


def decode(answer: HttpAnswer, shape: type[T]) -> T:
    """The body as a value of `shape`, whatever the status.

    Raises `UnreadableAnswerError` (retryable) for what is not JSON: an empty body, a page of something in between,
    half an answer; and `UnexpectedAnswerError` for JSON of another shape. Declare every field of a struct optional
    that the server may leave out or send as null, and the items of a listing as `msgspec.Raw`, for `decode_items`.
    """
    failure = _not_json(answer)
    if failure is None:
        try:
            return decoder_of(shape).decode(answer.body)
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
    rows: Iterable[WireT | msgspec.Raw] | msgspec.Raw | None,
    wire: type[WireT],
    to_model: Callable[[WireT], ModelT],
    *,
    kind: Kind,
    id_key: str = "id",
    strict: bool = True,
) -> DecodedItems[ModelT]:
    """The items of a listing, mapped; one that cannot be read does not take others with it.

    `rows` are raw JSON, each or as a whole list, or structs of `wire`; None, and a list that is missing or null, is
    empty. Leave the items of a large answer raw (`list[msgspec.Raw]`): here they are decoded a few at a time, for of a
    page of thousands what was decoded outgrows the processor's cache before it is made into anything.
    `to_model` raises `ValueError` for an item that makes no sense. `id_key` is where the JSON of an item has its
    id, for the problem that names it. `strict` is as in msgspec. A raw whole that is no list raises
    `msgspec.ValidationError`.
    """
    items: list[ModelT] = []
    problems: list[Problem] = []
    decode_row, raw, append = decoder_of(wire, strict=strict).decode, msgspec.Raw, items.append
    listed = _unpacked(rows)
    for start in range(0, len(listed), _AT_ONCE):
        part, before = listed[start : start + _AT_ONCE], len(items)
        try:
            for decoded in [decode_row(row) if isinstance(row, raw) else row for row in part]:
                append(to_model(decoded))
        except (ValueError, RecursionError):
            # Something in there is odd. Only now is it worth looking at each item that is left by itself.
            for row in part[len(items) - before :]:
                try:
                    append(to_model(decode_row(row) if isinstance(row, raw) else row))
                except (ValueError, RecursionError) as error:
                    problems.append(Problem(kind=kind, reason=_sentence(error), id=_id_of(row, id_key)))
    return DecodedItems(items=tuple(items), problems=tuple(problems))


def _unpacked(rows: Iterable[WireT | msgspec.Raw] | msgspec.Raw | None) -> Sequence[WireT | msgspec.Raw]:
    if isinstance(rows, msgspec.Raw):
        source = bytes(rows)
        return () if source in (b"", b"null") else _RAW_LIST.decode(source)
    return tuple(rows or ())


def _id_of(row: object, id_key: str) -> str | None:
    try:
        whole = row if isinstance(row, msgspec.Raw) else msgspec.json.encode(row)
        found = msgspec.json.decode(decoder_of(dict[str, msgspec.Raw]).decode(whole)[id_key], type=str | int)
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


def decoder_of(shape: type[T], *, strict: bool = True) -> msgspec.json.Decoder[T]:
    """The decoder of a shape, made once. Any thread may ask for it at any time.

    msgspec looks into a type at its first use, and crashes where two threads do that at once. So what is decoded or
    converted while a server is open goes through here, or is decoded by a decoder that was made at import.
    """
    return cast("msgspec.json.Decoder[T]", _made(cast("Hashable", shape), strict))


_making: Final = Lock()


@lru_cache(maxsize=256)
def _made(shape: Hashable, strict: bool) -> object:
    """Making a decoder takes far longer than using it on a small answer."""
    with _making:
        return msgspec.json.Decoder(shape, strict=strict)
