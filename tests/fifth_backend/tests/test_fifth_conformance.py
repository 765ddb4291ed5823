"""The conformance kit on this backend."""

from soulsync_fifth.conformance import TestFifth

__all__ = ["TestFifth"]
