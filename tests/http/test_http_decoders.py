"""Decoders that several threads ask for at once."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys, threading
from typing import Generic, TypeVar
import msgspec
from soulsync_engine.http import decoder_of
T = TypeVar("T")
class Envelope(msgspec.Struct, Generic[T]):
    value: T
def shapes(number):
    inner = msgspec.defstruct(f"Inner{number}", [(f"field{place}", int | None, None) for place in range(40)])
    return msgspec.defstruct(f"Outer{number}", [("one", inner), ("more", list[inner])])
sys.setswitchinterval(1e-6)
for number in range(40):
    shape, barrier = Envelope[shapes(number)], threading.Barrier(4)
    def use():
        barrier.wait()
        body = b'{"value": {"one": {"field3": 3}, "more": []}}'
        assert decoder_of(shape).decode(body).value.one.field3 == 3
    threads = [threading.Thread(target=use) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
print("fine")
"""


def test_a_type_that_threads_use_first_at_the_same_time_crashes_nothing():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["fine"], (done.returncode, done.stderr)
