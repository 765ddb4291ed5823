"""How the server filters, sorts and pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import sample
from typing import Final

from soulsync_engine.testing.simulator import Answer, SimulatedRequest
from soulsync_jellyfin.simulator.catalogue import Entry
from soulsync_jellyfin.simulator.rendering import Played, answer_of

_GUID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_UNSTABLE: Final = frozenset({"artist", "albumartist"})
"""Pages sorted by these repeat and skip rows [A 3.6]."""

_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


class BadValueError(Exception):
    """A parameter of the wrong type: 400 with the declared name [A 1.11, 1.12]."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(name)
        self.name = name
        self.value = value

    def answer(self) -> Answer:
        """The problem document."""
        return answer_of(
            {
                "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
                "title": "One or more validation errors occurred.",
                "status": 400,
                "errors": {self.name: [f"The value '{self.value}' is not valid."]},
                "traceId": "00-0-0-00",
            },
            status=400,
        )


@dataclass(frozen=True, slots=True)
class Parameters:
    """The query of a request, by types. Names were matched without regard to case by the router."""

    request: SimulatedRequest
    numbers: bool

    def text(self, name: str) -> str | None:
        """The text, None where it was not sent or is empty."""
        return self.request.value(name) or None

    def number(self, name: str) -> int | None:
        """A whole number."""
        text = self.text(name)
        if text is None:
            return None
        if not re.fullmatch(r"-?\d{1,9}", text):
            raise BadValueError(name, text)
        return int(text)

    def flag(self, name: str, default: bool = False) -> bool:
        """A truth value."""
        text = self.text(name)
        if text is None:
            return default
        if text.lower() not in ("true", "false"):
            raise BadValueError(name, text)
        return text.lower() == "true"

    def id(self, name: str) -> str | None:
        """One id; dashes and capitals are accepted [A 1.4]."""
        text = self.text(name)
        return None if text is None else self.as_id(name, text)

    def as_id(self, name: str, text: str) -> str:
        """An id in the server's own spelling; what is none is refused."""
        if _GUID.fullmatch(text):
            return text.replace("-", "").lower()
        if self.numbers and text.isascii() and text.isdigit():
            return text
        raise BadValueError(name, text)

    def ids(self, name: str) -> list[str]:
        """Ids, joined by commas or repeated; what is none is dropped [N, S]."""
        found: list[str] = []
        for value in self.request.values(name):
            for text in value.split(","):
                try:
                    found.append(self.as_id(name, text.strip()))
                except BadValueError:
                    continue
        return found

    def names(self, name: str) -> list[str]:
        """Words joined by commas or repeated, in lower case."""
        return [
            word.strip().lower()
            for value in self.request.values(name)
            for word in value.split(",")
            if word.strip()
        ]

    def moment(self, name: str) -> datetime | None:
        """A time."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)
        except ValueError:
            raise BadValueError(name, text) from None


def found_by(term: str, entries: Iterable[Entry]) -> list[Entry]:
    """The items whose cleaned name holds the cleaned term."""
    wanted = _clean(term)
    return [entry for entry in entries if wanted in _clean(entry.name)]


def in_order(
    entries: list[Entry], by: list[str], orders: list[str], data: Callable[[Entry], Played], start: int
) -> list[Entry]:
    """Sorted as asked; unknown words are dropped [A 1.12]."""
    rows = entries
    for place in range(len(by) - 1, -1, -1):
        word = by[place]
        order = orders[min(place, len(orders) - 1)] if orders else "ascending"
        key = _KEYS.get(word)
        if key is not None:
            rows = sorted(rows, key=lambda entry: key(entry, data), reverse=order == "descending")
        elif word == "random":
            # Anew for each page [A 3.6].
            rows = sample(rows, len(rows))
        elif word in _UNSTABLE and rows:
            rows = _shifted(sorted(rows, key=lambda entry: (entry.album_artists or entry.artists)[:1]), start)
    return rows


def _shifted(rows: list[Entry], start: int) -> list[Entry]:
    """Another order for each page."""
    shift = start // 3 % len(rows)
    return rows[shift:] + rows[:shift]


def _clean(text: str) -> str:
    folded = unicodedata.normalize("NFD", text.casefold())
    return " ".join(
        "".join(sign if sign.isalnum() else " " for sign in folded if not unicodedata.combining(sign)).split()
    )


_KEYS: Final[dict[str, Callable[[Entry, Callable[[Entry], Played]], tuple[object, ...]]]] = {
    "sortname": lambda entry, data: (entry.sort_name,),
    "name": lambda entry, data: (entry.name,),
    "datecreated": lambda entry, data: (entry.created,),
    "dateplayed": lambda entry, data: (data(entry).last or _BEGINNING,),
    "playcount": lambda entry, data: (data(entry).count,),
    "album": lambda entry, data: (entry.album or "",),
}
