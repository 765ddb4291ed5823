"""What is kept between processes, in the server's data folder, so that a probe costs few requests. No secrets."""

from __future__ import annotations

import logging
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

from soulsync_engine.http import decoder_of
from soulsync_jellyfin.settings import JellyfinSettings

_FILE: Final = "known.json"


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """What a server said of itself, and to whom. `asked_at` is its own clock then."""

    product: str
    version: str
    name: str | None
    machine_id: str | None
    user_id: str
    user_name: str
    admin: bool | None
    asked_at: str


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """`settings` says for which address and credentials the greeting was; `since` is by the id of a user."""

    settings: str = ""
    greeting: Greeting | None = None
    since: dict[str, str] = {}


class Memory:
    """The file of one server. It may be missing, damaged or not writable, which costs requests and nothing else."""

    def __init__(self, folder: Path, settings: JellyfinSettings, *, server: str, log: logging.Logger) -> None:
        self._path = folder / _FILE
        self._settings = _digest(settings)
        self._server = server
        self._log = log
        self._lock = Lock()

    @property
    def greeting(self) -> Greeting | None:
        """The last greeting with these settings."""
        known = self._read()
        return known.greeting if known.settings == self._settings else None

    def keep_greeting(self, greeting: Greeting | None) -> None:
        """Keep a greeting for the next process, or forget the last one."""
        with self._lock:
            known = self._read()
            if (known.settings, known.greeting) != (self._settings, greeting):
                self._write(msgspec.structs.replace(known, settings=self._settings, greeting=greeting))

    def since(self, user: str) -> str | None:
        """From when on saved items are looked at for a user."""
        return self._read().since.get(user)

    def keep_since(self, user: str, since: str) -> None:
        """Keep that time for the next probe."""
        with self._lock:
            known = self._read()
            self._write(msgspec.structs.replace(known, since={**known.since, user: since}))

    def _read(self) -> _Known:
        try:
            return decoder_of(_Known).decode(self._path.read_bytes())
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return _Known()

    def _write(self, known: _Known) -> None:
        unfinished = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(msgspec.json.encode(known))
            unfinished.replace(self._path)
        except OSError as error:
            self._log.warning(
                "%s: the next probe will take more requests, its start cannot be kept: %s",
                self._server,
                error,
            )


def _digest(settings: JellyfinSettings) -> str:
    """Differs with the address and the credentials, which do not follow from it: keys are 128 random bits."""
    what = "\n".join((settings.base_url, settings.username, settings.key or ""))
    return blake2b(what.encode(), digest_size=16).hexdigest()
