"""Answers into wire structs: JSON as asked for, XML from servers that know nothing else.

Both are read leniently, since the same field is a number, a text or a truth value depending on version and format.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, cast
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from soulsync_engine.http import (
    DecodedItems,
    HttpAnswer,
    UnexpectedAnswerError,
    UnreadableAnswerError,
    decode_items,
    decoder_of,
)
from soulsync_engine.models import Kind, Problem
from soulsync_plex.wire import Envelope, Rows

T = TypeVar("T")
ModelT = TypeVar("ModelT")

_ITEM_TAGS: Final = frozenset({"Track", "Video", "Photo", "Playlist"})
_STRAY_TAG: Final = "Tag"
"""Turns up among the items of a listing, and counts there; within an item it is something else."""
_SINGLE_TAGS: Final = frozenset({"User", "Player", "Session", "TranscodeSession"})
_DEEPEST_XML: Final = 20
_RAW_ROWS: Final = Rows[msgspec.Raw]


@dataclass(frozen=True, kw_only=True)
class ReadRows(Generic[T]):
    """The rows of a page that could be read, a problem for each that could not, and what was said of the listing."""

    rows: tuple[T, ...]
    problems: tuple[Problem, ...] = ()
    total: int | None = None
    offset: int | None = None

    def __len__(self) -> int:
        return len(self.rows) + len(self.problems)

    def next_start(self, start: int, size: int) -> int | None:
        """Where the page after this one begins, None for the last one.

        A server that declares no total tells the end of a listing by sending another number of rows than `size`.
        """
        end = start + len(self)
        more = len(self) > 0 and (len(self) == size if self.total is None else end < self.total)
        return end if more else None


def read(answer: HttpAnswer, shape: type[T]) -> T:
    """The `MediaContainer` of an answer. Raises `UnreadableAnswerError` or `UnexpectedAnswerError`."""
    if is_xml(answer):
        return _converted(answer, _container_of(answer), shape)
    try:
        return _decoder(shape).decode(answer.body).MediaContainer
    except msgspec.ValidationError as error:
        failure: UnreadableAnswerError = _unexpected(answer, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        failure = _unreadable(answer)
    raise failure


def raw_rows(answer: HttpAnswer) -> ReadRows[msgspec.Raw]:
    """The rows of an answer as the JSON they are, for `map_rows`."""
    if is_xml(answer):
        container = _container_of(answer)
        listed = cast("list[object]", container.pop("Metadata", []))
        outline = _converted(answer, container, _RAW_ROWS)
        rows = tuple(msgspec.Raw(msgspec.json.encode(entry)) for entry in listed)
    else:
        outline = read(answer, _RAW_ROWS)
        rows = outline.Metadata
    return ReadRows(rows=rows, total=outline.totalSize, offset=outline.offset)


def map_rows(
    rows: Sequence[msgspec.Raw], row: type[T], to_model: Callable[[T], ModelT], *, kind: Kind
) -> DecodedItems[ModelT]:
    """What rows become. One that cannot be read becomes a problem and leaves the others alone."""
    return decode_items(rows, row, to_model, kind=kind, id_key="ratingKey", strict=False)


def read_rows(raw: ReadRows[msgspec.Raw], row: type[T], *, kind: Kind) -> ReadRows[T]:
    """The rows of an answer, decoded."""
    decoded = map_rows(raw.rows, row, lambda each: each, kind=kind)
    return ReadRows(rows=decoded.items, problems=decoded.problems, total=raw.total, offset=raw.offset)


def xml_root(body: bytes) -> Element | None:
    """The root of an XML document, None for no body. Raises `ValueError` for what is not XML or does tricks."""
    if not body.strip():
        return None
    try:
        return cast("Element", fromstring(body, forbid_dtd=True))
    except (ParseError, DefusedXmlException, LookupError, RecursionError) as error:
        raise ValueError(f"this is no plain XML: {type(error).__name__}") from None


def is_xml(answer: HttpAnswer) -> bool:
    """Whether the body is XML of a Plex server; anything that is neither that nor JSON raises."""
    start = answer.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        return False
    if start.startswith(b"<") and b"<html" not in start.lower() and b"<!doctype" not in start.lower():
        return True
    raise _unreadable(answer)


def _container_of(answer: HttpAnswer) -> dict[str, object]:
    """An XML answer in the shape of its JSON sibling."""
    try:
        root = xml_root(answer.body)
    except ValueError:
        root = None
    if root is None:
        raise _unreadable(answer)
    if root.tag != "MediaContainer":
        raise _unexpected(answer, f"it is a <{root.tag}>")
    return _plain(root, 0)


def _plain(element: Element, depth: int) -> dict[str, object]:
    if depth > _DEEPEST_XML:
        return {}
    value: dict[str, object] = dict(element.attrib)
    for child in element:
        inner = _plain(child, depth + 1)
        if child.tag in _SINGLE_TAGS:
            value[child.tag] = inner
            continue
        is_item = (
            child.tag in _ITEM_TAGS
            or (child.tag == "Directory" and "ratingKey" in child.attrib)
            or (child.tag == _STRAY_TAG and depth == 0)
        )
        listed = value.setdefault("Metadata" if is_item else child.tag, [])
        if isinstance(listed, list):
            listed.append(inner)
    return value


def _converted(answer: HttpAnswer, container: dict[str, object], shape: type[T]) -> T:
    try:
        return _convert(container, shape)
    except msgspec.ValidationError as error:
        raise _unexpected(answer, str(error)) from None


def _unreadable(answer: HttpAnswer) -> UnreadableAnswerError:
    size = len(answer.body.strip())
    if size == 0:
        what = "is empty"
        advice = "The server may still be starting; try again."
    elif answer.content_type == "text/html" or answer.body[:512].lstrip().lower().startswith(b"<!doctype"):
        what = "is a web page, so something in between answered, such as the login page of a proxy"
        advice = "Check the address, and let the proxy pass the server's API."
    else:
        what = f"is neither JSON nor XML of a Plex server, or not all of it came ({size} bytes)"
        advice = "Try again; if it stays, something between here and the server spoils its answers."
    return UnreadableAnswerError(
        f"The answer to {answer.where} {what}.", server=answer.server, next_step=advice
    )


def _unexpected(answer: HttpAnswer, what: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(
        f"The answer to {answer.where} has another shape than expected: {what}.",
        server=answer.server,
        next_step="Check that the address is that of a Plex Media Server.",
    )


def _decoder(shape: type[T]) -> msgspec.json.Decoder[Envelope[T]]:
    return decoder_of(Envelope[shape], strict=False)  # type: ignore[valid-type]


def _convert(value: object, shape: type[T]) -> T:
    # Not at its first use: see `decoder_of`.
    decoder_of(shape, strict=False)
    return msgspec.convert(value, shape, strict=False)
