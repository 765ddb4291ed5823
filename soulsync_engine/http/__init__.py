"""HTTP for backends: settings, a transport, and answers decoded into typed values.

It needs `pip install "soulsync-engine[http]"`. `HttpSettings` alone does not, so that a form can be drawn without.
Everything is loaded on first use; nothing else in the engine imports this package.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soulsync_engine.http.answer import Exchange, HttpAnswer
    from soulsync_engine.http.decoding import DecodedItems, decode, decode_items, decoder_of
    from soulsync_engine.http.errors import (
        AnswerTooLargeError,
        BadRequestError,
        TimedOutError,
        UnexpectedAnswerError,
        UnreadableAnswerError,
    )
    from soulsync_engine.http.retrying import RetryPolicy
    from soulsync_engine.http.settings import HttpSettings
    from soulsync_engine.http.statuses import StatusMeaning, raise_for_status
    from soulsync_engine.http.transport import HttpTransport

__all__ = [
    "AnswerTooLargeError",
    "BadRequestError",
    "DecodedItems",
    "Exchange",
    "HttpAnswer",
    "HttpSettings",
    "HttpTransport",
    "RetryPolicy",
    "StatusMeaning",
    "TimedOutError",
    "UnexpectedAnswerError",
    "UnreadableAnswerError",
    "decode",
    "decode_items",
    "decoder_of",
    "raise_for_status",
]

_HOMES = {
    "AnswerTooLargeError": "errors",
    "BadRequestError": "errors",
    "DecodedItems": "decoding",
    "Exchange": "answer",
    "HttpAnswer": "answer",
    "HttpSettings": "settings",
    "HttpTransport": "transport",
    "RetryPolicy": "retrying",
    "StatusMeaning": "statuses",
    "TimedOutError": "errors",
    "UnexpectedAnswerError": "errors",
    "UnreadableAnswerError": "errors",
    "decode": "decoding",
    "decode_items": "decoding",
    "decoder_of": "decoding",
    "raise_for_status": "statuses",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    except ModuleNotFoundError as error:
        if error.name not in ("httpx", "tenacity"):
            raise
        raise ModuleNotFoundError(
            f"{__name__}.{name} needs {error.name}, which is not installed; "
            'install the extra: pip install "soulsync-engine[http]"',
            name=error.name,
        ) from error
