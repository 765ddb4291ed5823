"""Comparing texts the way people do: without case, accents and punctuation."""

from soulsync_engine.matching.normalise import NORMALISATION, search_key

__all__ = ["NORMALISATION", "search_key"]
