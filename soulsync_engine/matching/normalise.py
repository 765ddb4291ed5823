"""Search keys: the form of a text in which people's spellings of one name are equal.

    "Beyoncé"           -> "beyonce"
    "AC/DC"             -> "ac dc"
    "Don’t Stop"        -> "dont stop"
    "Simon ＆ Garfunkel" -> "simon and garfunkel"
    "R.E.M."            -> "rem"
    "東京事変"           -> "東京事変"
    "!!!"               -> "!!!"

A key is for comparing and indexing, never for showing. It is pure and stable: the same text gives the same
key in every process, as long as `NORMALISATION` is the same number.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

NORMALISATION: Final = 1
"""The version of these rules. What is stored with another version has to be computed anew."""

_APOSTROPHES: Final = "'`´ʹʻʼʽˈ‘’‛′＇"
_LETTERS_WITHOUT_DECOMPOSITION: Final = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
}
# The block of combining marks that Latin, Greek and Cyrillic use. Marks of other scripts (the voicing of
# kana, Indic vowels) make another letter and stay.
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")
_INITIALS: Final = re.compile(r"\b(?:[^\W\d_]\.){2,}")


class _Classes(dict[int, str]):
    """What each character becomes, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Cf" and character not in "\u200b\ufeff":
            folded = ""
        elif category[0] in "LNM" or category == "Co":
            folded = character
        else:
            folded = " "
        self[code] = folded
        return folded


_SPECIAL: Final = {
    **dict.fromkeys(map(ord, _APOSTROPHES), ""),
    ord("&"): " and ",
    **{ord(letter): plain for letter, plain in _LETTERS_WITHOUT_DECOMPOSITION.items()},
}
_CLASSES: Final = _Classes(_SPECIAL)
_ASCII: Final = {code: _CLASSES[code] for code in range(128)}


def search_key(text: str) -> str:
    """The key of a text: lower case, words separated by one space, without accents and punctuation.

    A text of nothing but punctuation keeps it, so that only blank texts have an empty key.
    """
    if text.isascii():
        folded = text.lower()
        bare = _joined_initials(folded)
        key = " ".join(bare.translate(_ASCII).split())
    else:
        folded = unicodedata.normalize("NFKC", text).casefold()
        bare = _ACCENTS.sub("", unicodedata.normalize("NFD", folded))
        bare = _joined_initials(unicodedata.normalize("NFC", bare))
        key = " ".join(bare.translate(_CLASSES).split())
    return key or " ".join(folded.replace("\0", " ").split())


def _joined_initials(text: str) -> str:
    return _INITIALS.sub(_without_dots, text) if "." in text else text


def _without_dots(match: re.Match[str]) -> str:
    return match[0].replace(".", "")
