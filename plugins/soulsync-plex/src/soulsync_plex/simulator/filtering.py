"""Filters and orders of `/library/sections/{key}/all`, and what a server tells clients of them (`includeMeta`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from soulsync_plex.simulator.rows import ALBUM, ARTIST, TRACK, TYPE_NAMES, Row

OPERATORS: Final = {
    "tag": (("=", "is"), ("!=", "is not")),
    "integer": (("=", "is"), ("!=", "is not"), (">>=", "is greater than"), ("<<=", "is less than")),
    "string": (
        ("=", "contains"),
        ("!=", "does not contain"),
        ("==", "is"),
        ("!==", "is not"),
        ("<=", "begins with"),
        (">=", "ends with"),
    ),
    "boolean": (("=", "is true"), ("!=", "is false")),
    "date": (("<<=", "is before"), (">>=", "is after")),
}

FIELDS: Final[dict[int, dict[str, str]]] = {
    ARTIST: {
        "title": "string",
        "userRating": "integer",
        "genre": "tag",
        "country": "tag",
        "addedAt": "date",
        "lastViewedAt": "date",
    },
    ALBUM: {
        "title": "string",
        "year": "integer",
        "decade": "integer",
        "genre": "tag",
        "viewCount": "integer",
        "userRating": "integer",
        "addedAt": "date",
        "lastViewedAt": "date",
    },
    TRACK: {
        "title": "string",
        "viewCount": "integer",
        "userRating": "integer",
        "addedAt": "date",
        "lastViewedAt": "date",
    },
}

SORTS: Final[dict[int, tuple[str, ...]]] = {
    ARTIST: ("titleSort", "userRating", "addedAt", "lastViewedAt", "viewCount", "random"),
    ALBUM: (
        "titleSort",
        "year",
        "originallyAvailableAt",
        "userRating",
        "addedAt",
        "lastViewedAt",
        "viewCount",
    ),
    TRACK: ("titleSort", "originalTitle", "userRating", "duration", "viewCount", "addedAt", "lastViewedAt"),
}

_UNLISTED_DATES: Final = ("updatedAt", "addedAt", "lastViewedAt")
"""Also understood with the operators of numbers, though no `Meta` says so."""

_PARENTS: Final = {"artist.id": ("parentRatingKey", "grandparentRatingKey"), "album.id": ("parentRatingKey",)}

_TITLES_ABOVE: Final = {
    (TRACK, "album.title"): "parentTitle",
    (TRACK, "artist.title"): "grandparentTitle",
    (ALBUM, "artist.title"): "parentTitle",
}

Test = Callable[[Row], bool]


def filter_names() -> list[str]:
    """Every parameter that is a filter, as it stands in a query."""
    names = ["id", "guid", *_PARENTS]
    for kind, fields in FIELDS.items():
        for field, field_type in fields.items():
            for operator, _ in OPERATORS[field_type]:
                suffix = operator[:-1]
                names += [f"{field}{suffix}", f"{TYPE_NAMES[kind]}.{field}{suffix}"]
    names += [f"{field}{suffix}" for field in _UNLISTED_DATES for suffix in (">", "<", ">>", "<<")]
    names += [
        f"{kind}.{field}{suffix}"
        for kind in TYPE_NAMES.values()
        for field in _UNLISTED_DATES
        for suffix in (">", "<")
    ]
    return sorted(set(names))


def test_of(name: str, values: tuple[str, ...], kind: int) -> Test:
    """What a filter lets through. Several values are alternatives. One that is not simulated is `ValueError`."""
    wanted = [value for text in values for value in text.split(",")]
    if name in _PARENTS:
        columns = _PARENTS[name]
        return lambda row: any(row.get(column) in wanted for column in columns)
    if name == "id":
        return lambda row: row["ratingKey"] in wanted
    if name == "guid":
        return lambda row: (
            row.get("guid") in wanted or any(guid in wanted for guid in _tags(row, "Guid", "id"))
        )
    prefixed, _, rest = name.rpartition(".")
    field = rest.rstrip("!<>=")
    operator = rest[len(field) :]
    if prefixed and prefixed != TYPE_NAMES[kind]:
        column = _TITLES_ABOVE.get((kind, f"{prefixed}.{field}"))
        if column is None:
            raise ValueError(f"{name} of a {TYPE_NAMES[kind]} is not simulated")
        return lambda row: _text_matches(str(row.get(column, "")), operator, values)
    field_type = FIELDS[kind].get(field, "date" if field.endswith("At") else "string")
    if field_type == "tag":
        negated = operator == "!"
        return lambda row: any(tag in wanted for tag in _tags(row, field.capitalize(), "tag")) is not negated
    if field_type == "string":
        return lambda row: _text_matches(str(row.get(field, "")), operator, values)
    return lambda row: _number_matches(row.get(field), operator, wanted)


def order_of(sort: str, kind: int) -> Callable[[Iterable[Row]], list[Row]]:
    """How an order arranges rows. Raises `ValueError` for one that the server does not have."""
    steps: list[tuple[str, bool]] = []
    for step in sort.split(","):
        column, _, direction = step.partition(":")
        prefix, _, name = column.rpartition(".")
        if direction not in ("", "asc", "desc", "nullsLast") or (
            prefix and prefix not in TYPE_NAMES.values()
        ):
            raise ValueError(sort)
        if name not in (*SORTS[kind], "id", "updatedAt"):
            raise ValueError(sort)
        steps.append((name, direction == "desc"))

    def arrange(rows: Iterable[Row]) -> list[Row]:
        arranged = sorted(rows, key=lambda row: int(str(row["ratingKey"])))
        for name, descending in reversed(steps):
            arranged.sort(key=lambda row: _sort_value(row, name), reverse=descending)
        return arranged

    return arrange


def meta(section: str, active: int) -> Row:
    """What a client is told of types, filters, orders, fields and operators."""
    return {
        "Type": [_type_meta(section, kind, active) for kind in (ARTIST, ALBUM, TRACK)],
        "FieldType": [
            {"type": name, "Operator": [{"key": key, "title": title} for key, title in operators]}
            for name, operators in OPERATORS.items()
        ],
    }


def _type_meta(section: str, kind: int, active: int) -> Row:
    name = TYPE_NAMES[kind]
    return {
        "key": f"/library/sections/{section}/all?type={kind}",
        "type": name,
        "title": f"{name.title()}s",
        "active": kind == active,
        "Filter": [
            {
                "filter": field,
                "filterType": "integer" if field_type == "integer" else "string",
                "key": f"/library/sections/{section}/{field}?type={kind}",
                "title": field.title(),
                "type": "filter",
            }
            for field, field_type in FIELDS[kind].items()
            if field_type == "tag" or field in ("year", "decade", "userRating")
        ],
        "Sort": [
            {"key": sort, "descKey": f"{sort}:desc", "defaultDirection": "asc", "title": sort}
            for sort in SORTS[kind]
        ],
        "Field": [
            {"key": f"{name}.{field}", "title": field, "type": field_type}
            for field, field_type in FIELDS[kind].items()
        ],
    }


def _tags(row: Row, element: str, name: str) -> list[str]:
    listed = row.get(element)
    return [str(tag[name]) for tag in listed if isinstance(tag, dict)] if isinstance(listed, list) else []


def _text_matches(text: str, operator: str, values: tuple[str, ...]) -> bool:
    folded = text.casefold()
    wanted = [value.casefold() for value in values]
    tests: dict[str, Callable[[str], bool]] = {
        "": lambda value: value in folded,
        "!": lambda value: value not in folded,
        "=": lambda value: value == folded,
        "!=": lambda value: value != folded,
        "<": folded.startswith,
        ">": folded.endswith,
    }
    return any(tests[operator](value) for value in wanted)


def _number_matches(value: object, operator: str, wanted: list[str]) -> bool:
    number = float(value) if isinstance(value, int | float) else None
    limit = [float(text) for text in wanted]
    if operator == "":
        return number in limit
    if operator == "!":
        return number not in limit
    known = 0.0 if number is None else number
    tests: dict[str, Callable[[float], bool]] = {
        ">>": lambda bound: known > bound,
        "<<": lambda bound: known < bound,
        ">": lambda bound: known >= bound,
        "<": lambda bound: known <= bound,
    }
    return tests[operator](limit[0])


def _sort_value(row: Row, name: str) -> tuple[bool, float | str]:
    if name == "id":
        return False, float(str(row["ratingKey"]))
    value = row.get("titleSort", row.get("title")) if name == "titleSort" else row.get(name)
    if value is None:
        return False, -1.0 if name not in ("titleSort", "originalTitle", "originallyAvailableAt") else ""
    return False, value.casefold() if isinstance(value, str) else float(str(value))
