"""Keys under which texts are taken as equal."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_FEATURING = re.compile(r"\s*[(\[]?\b(?:feat|ft|featuring)\b\.?\s.*\Z", re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=65536)
def name_key(text: str) -> str:
    """Equal for spellings that differ in case, Unicode composition or blanks only; accents count."""
    if not text.isascii():
        # Casefolding can leave a text decomposed again, hence twice.
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    else:
        text = text.casefold()
    return " ".join(text.split())


@lru_cache(maxsize=65536)
def search_key(text: str) -> str:
    """Like `name_key`, without accents and with compatibility forms made plain, for what people type."""
    if not text.isascii():
        bare = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in bare if not unicodedata.combining(char))
    return " ".join(text.casefold().split())


@lru_cache(maxsize=4096)
def main_artist(text: str) -> str:
    """The name without the guests that some taggers write behind it ("A feat. B" is A)."""
    return _FEATURING.sub("", text).strip() or text
