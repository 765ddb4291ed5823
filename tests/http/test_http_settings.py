"""What a user types as address and trust, and what becomes of it."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from soulsync_engine.http.address import join_path, normalise_base_url
from soulsync_engine.plugin import HttpSettings, NotFoundError


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("nas:4533", "http://nas:4533"),
        ("  HTTPS://Music.Example.org/ ", "https://music.example.org"),
        ("http://host/sub/path//", "http://host/sub/path"),
        ("192.168.1.5", "http://192.168.1.5"),
        ("[::1]:8096/jf/", "http://[::1]:8096/jf"),
    ],
)
def test_an_address_is_taken_as_people_write_it(typed: str, address: str) -> None:
    assert HttpSettings(base_url=typed).base_url == address
    assert normalise_base_url(address) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://",
        "ftp://host",
        "host:99999",
        "host:port",
        "http://host?x=1",
        "http://host/#/home",
        "a b",
        "[::1",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        HttpSettings(base_url=typed)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError, match="settings of their own") as refusal:
        HttpSettings(base_url="http://me:s3cret-canary@host/")
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (True, True),
        ("true", True),
        ("/etc/ca.pem", "/etc/ca.pem"),
        ("SHA256:" + "AB:" * 31 + "AB", "sha256:" + "ab" * 32),
    ],
)
def test_trust_is_the_usual_a_file_or_a_fingerprint(given: object, kept: object) -> None:
    assert HttpSettings.model_validate({"base_url": "host", "verify": given}).verify == kept


@pytest.mark.parametrize("given", [False, "false", "no", "", 0, "sha256:abc", None])
def test_checking_certificates_cannot_be_switched_off(given: object) -> None:
    with pytest.raises(ValidationError):
        HttpSettings.model_validate({"base_url": "host", "verify": given})


@pytest.mark.parametrize(
    ("id", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("?x=1&y", "%3Fx%3D1%26y"),
        ("../up", "..%2Fup"),
        ("é #%", "%C3%A9%20%23%25"),
        ("\r\n", "%0D%0A"),
    ],
)
def test_an_id_stays_one_segment_whatever_is_in_it(id: str, segment: str) -> None:
    assert join_path(("items", id, "image")) == f"/items/{segment}/image"


@pytest.mark.parametrize("id", ["", ".", "..", "a\x00b"])
def test_an_id_that_cannot_be_a_segment_is_not_found(id: str) -> None:
    with pytest.raises(NotFoundError):
        join_path(("items", id))


@pytest.mark.parametrize("path", ["/items?u=1", "items/../admin", "a b", "a\r\nb", "a#b", "a\\b"])
def test_a_path_with_more_than_a_path_in_it_is_a_mistake(path: str) -> None:
    with pytest.raises(ValueError):
        join_path(path)


def run_without(module: str, code: str) -> subprocess.CompletedProcess[str]:
    hide = f"import sys; sys.modules[{module!r}] = None\n"
    return subprocess.run([sys.executable, "-c", hide + code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", ["httpx", "tenacity"])
def test_without_the_extra_the_settings_work_and_the_transport_names_it(module: str) -> None:
    run = run_without(
        module,
        "from soulsync_engine.plugin import HttpSettings\n"
        "print(HttpSettings(base_url='nas').base_url)\n"
        "from soulsync_engine.plugin import HttpTransport\n",
    )
    assert run.stdout.strip() == "http://nas"
    assert 'pip install "soulsync-engine[http]"' in run.stderr.splitlines()[-1]
    assert run.returncode == 1
