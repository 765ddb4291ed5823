"""Secrets are replaced by value, in whatever form they turn up."""

import json
import logging
from urllib.parse import quote, quote_plus

import pytest

from soulsync_engine.redaction import SecretRedactor

SECRET = "p@ss wörd/&=+"


@pytest.mark.parametrize(
    "form",
    [SECRET, quote(SECRET), quote(SECRET, safe=""), quote_plus(SECRET), quote(SECRET, safe="").lower()],
)
def test_a_secret_is_replaced_plain_and_url_encoded(form: str) -> None:
    assert SecretRedactor([SECRET]).text(f"GET /rest?p={form}&f=json") == "GET /rest?p=***&f=json"


def test_a_secret_is_replaced_as_it_stands_in_a_repr_and_in_json() -> None:
    secret = 'back\\slash "quoted" ü'
    redactor = SecretRedactor([secret])
    for shown in (
        repr(KeyError(secret)),
        json.dumps({"p": secret}),
        json.dumps([secret], ensure_ascii=False),
    ):
        assert "slash" in shown
        assert "slash" not in redactor.text(shown)


def test_a_short_secret_does_not_eat_ordinary_words() -> None:
    assert SecretRedactor(["at"]).text("at home, that cat: p=at") == "*** home, that cat: p=***"


def test_an_empty_secret_conceals_nothing() -> None:
    assert SecretRedactor(["", " "]).text("a b") == "a b"


def test_a_secret_that_came_up_later_is_concealed_too() -> None:
    redactor = SecretRedactor()
    redactor.add("session-token")
    assert redactor.text("token session-token") == "token ***"


def test_a_log_record_loses_its_secrets_in_message_arguments_and_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger("soulsync_engine.test_redaction")
    redactor = SecretRedactor(["s3cret-token"])
    log.addFilter(redactor)
    try:
        raise ValueError("url?token=s3cret-token")
    except ValueError:
        log.exception("asking %s failed", "http://host/?t=s3cret-token")
    assert "asking http://host/?t=*** failed" in caplog.text
    assert "ValueError: url?token=***" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_secret_in_a_cause_taints_an_error() -> None:
    redactor = SecretRedactor(["s3cret-token"])
    error = ValueError("harmless")
    assert not redactor.taints(error)
    error.__cause__ = KeyError("s3cret-token")
    assert redactor.taints(error)
