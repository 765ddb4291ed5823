"""Addresses: the one a user types, and the ones that ids are put into."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from soulsync_engine.errors import NotFoundError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\U0010ffff\\?#]|(?:^|/)\.{1,2}(?:/|$)")


def normalise_base_url(text: str) -> str:
    """An address as `scheme://host[:port][/sub/path]`: `http` is added where nothing is said, slashes at the end go.

    Raises `ValueError` with a message that holds no part of the address, which may have a password in it.
    """
    text = text.strip()
    try:
        parts = urlsplit(text if _SCHEME.match(text) else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("this is not an address; write it like http://host:1234") from None
    if "@" in parts.netloc:
        raise ValueError(
            "user name and password do not belong into the address; they have settings of their own"
        )
    if parts.scheme not in ("http", "https"):
        raise ValueError("an address begins with http:// or https://")
    if parts.query or parts.fragment:
        raise ValueError("an address ends before its '?' or '#'")
    if not host or re.search(r"[\s%\\]", host):
        raise ValueError("the address names no host; write it like http://host:1234")
    path = parts.path.rstrip("/")
    if re.search(r"[\x00-\x20\\]|//", path):
        raise ValueError("the path of the address has a space, a backslash or a double slash in it")
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}{'' if port is None else f':{port}'}{path}"


def join_path(path: str | tuple[str, ...]) -> str:
    """A path below the base address, with a leading slash.

    A text is taken as it is and must be a plain path, a mistake of the backend otherwise (`ValueError`). Of a tuple
    every part becomes one segment, whatever characters it has; a part that cannot be one, such as `..`, is an id that
    no item has: `NotFoundError`.
    """
    if isinstance(path, str):
        if _UNSAFE.search(path):
            raise ValueError(
                "a path has no spaces, dots as segments, or query; give ids as a tuple of segments"
            )
        return "/" + path.lstrip("/")
    for part in path:
        if part in ("", ".", "..") or "\x00" in part:
            raise NotFoundError(f"No item can have the id {part!r}.")
    # Surrogates cannot be encoded; a server that sent one never issued it as an id.
    return "".join("/" + quote(part, safe="", errors="replace") for part in path)
