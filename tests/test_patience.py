"""Waiting for pages: made beside the use of others or in turns with it, and given although the next one takes long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event

import pytest

from soulsync_engine.errors import StalledError
from soulsync_engine.sync.patience import Patience


def patience(seconds: float = 20) -> Patience:
    return Patience("music", seconds, None)


def use_slowly(*, beside: bool, values: int = 12) -> tuple[list[list[int]], list[bool]]:
    """What came together, and of each value whether it was made while others were in use."""
    in_use = Event()
    made: list[bool] = []

    def make() -> Iterator[int]:
        for value in range(values):
            time.sleep(0.002)
            made.append(in_use.is_set())
            yield value

    came = []
    for together in patience().together(make(), ahead=3, size_of=lambda _: 1, beside=beside):
        in_use.set()
        came.append(together)
        time.sleep(0.03)
        in_use.clear()
    return came, made


def test_values_are_made_while_others_are_in_use() -> None:
    came, made = use_slowly(beside=True)
    assert [value for together in came for value in together] == list(range(12))
    assert any(made)
    assert max(map(len, came)) <= 4


def test_in_turns_none_is_made_while_others_are_in_use() -> None:
    came, made = use_slowly(beside=False)
    assert [value for together in came for value in together] == list(range(12))
    assert not any(made)
    assert max(map(len, came)) == 3


@pytest.mark.parametrize("beside", [True, False])
def test_a_value_is_given_although_the_next_one_takes_long(beside: bool) -> None:
    may_go_on = Event()

    def make() -> Iterator[int]:
        yield 1
        may_go_on.wait(20)
        yield 2

    values = patience().together(make(), ahead=10, size_of=lambda _: 1, beside=beside)
    assert next(values) == [1]
    may_go_on.set()
    assert list(values) == [[2]]


@pytest.mark.parametrize("beside", [True, False])
def test_what_was_made_before_a_value_that_never_comes_is_given_first(beside: bool) -> None:
    never = Event()

    def make() -> Iterator[int]:
        yield 1
        never.wait(20)

    values = patience(0.3).together(make(), ahead=10, size_of=lambda _: 1, beside=beside)
    try:
        assert next(values) == [1]
        with pytest.raises(StalledError, match="has sent nothing"):
            next(values)
    finally:
        never.set()


@pytest.mark.parametrize("beside", [True, False])
def test_what_was_made_before_an_error_is_given_first(beside: bool) -> None:
    def make() -> Iterator[int]:
        yield 1
        raise ValueError("of the server")

    values = patience().together(make(), ahead=10, size_of=lambda _: 1, beside=beside)
    assert next(values) == [1]
    with pytest.raises(ValueError, match="of the server"):
        next(values)
