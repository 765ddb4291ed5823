"""Signing in without typing a password into the host: a code that is confirmed elsewhere.

challenge = sign_in.begin()          # show challenge.code and challenge.url to the person
outcome = sign_in.poll(challenge)    # every few seconds, until it is no longer pending
outcome.settings                     # goes into the server's configuration
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInChallenge:
    """What the person has to confirm, and until when. `handle` is what polling needs; it is a secret."""

    code: str
    url: str
    expires_at: datetime
    handle: str = field(repr=False)


class SignInState(StrEnum):
    """How far a sign-in has come."""

    PENDING = "pending"
    DONE = "done"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInOutcome:
    """The answer to one poll. `settings` are the settings that were gained, tokens among them, once done."""

    state: SignInState
    settings: Mapping[str, object] = field(default_factory=dict, repr=False)


class SignIn(ABC):
    """A backend's way to sign in; a spec names the class in `sign_in`."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        """Take the settings known so far, such as the server's address. Nothing is asked here."""
        self.settings = settings

    @abstractmethod
    def begin(self) -> SignInChallenge:
        """Ask for a code. Raises `UnavailableError`, or `UnsupportedError` where the server has it switched off."""

    @abstractmethod
    def poll(self, challenge: SignInChallenge) -> SignInOutcome:
        """Ask once whether the code was confirmed; may be called any number of times."""
