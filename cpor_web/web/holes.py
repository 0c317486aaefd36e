"""What is drawn once, with holes for what is one customer's own, or one claim's.

A customer's page, or the line of a list, has some ten words that differ from one to the next; all else is the same
for everybody of whom the same is to be said, in a language. So a template is drawn with holes, kept as the pieces
between them, and filled for each: nothing that somebody is called is ever in what is kept.

A page must not decide by what is in a hole, since it is drawn before that is known: a hole refuses to be compared,
and to be asked whether there is anything in it. What a page decides by is part of the key that it is kept by.
"""

import re
import secrets
from collections.abc import Callable, Hashable, Mapping
from typing import NoReturn

from markupsafe import escape

MOST = 500
"""How many pages are kept. What they are kept by comes from the database, but for the language."""

_MARK = f"hole{secrets.token_hex(12)}"  # letters and digits: the same in a text, in an attribute and in an address
_HOLES = re.compile(f"{_MARK}([a-z_]+){_MARK}")
_TO_ESCAPE = re.compile("[&<>\"']").search
"""To look for these takes a third of what escaping a word takes; few words have any."""


class Hole(str):
    """Stands for a word that is not known yet."""

    __slots__ = ()

    def __new__(cls, name: str) -> "Hole":
        """Make the hole that is filled with the word of that name: small letters and low lines."""
        return super().__new__(cls, f"{_MARK}{name}{_MARK}")

    def _refuse(self, *_other: object) -> NoReturn:
        raise TypeError("what is kept cannot decide by what differs from one to the next")

    __bool__ = __len__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _refuse
    __hash__ = str.__hash__


class Pages:
    """The pages of an application that were drawn, each as its pieces: a text, a hole's name, a text, and so on."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, list[str]] = {}

    def filled(self, key: Hashable, words: Mapping[str, str], draw: Callable[[Mapping[str, str]], str]) -> str:
        """Return the page of `key` with these words in its holes. `draw` makes it of words, where none is kept."""
        pieces = self._kept.get(key)
        if pieces is None:
            pieces = _HOLES.split(draw({name: Hole(name) for name in words}))
            self._keep(key, pieces)
        filled, names = pieces.copy(), pieces[1::2]
        distinct = {name: words[name] for name in names}  # each once, in however many holes
        said = {name: escape(word) if _TO_ESCAPE(word) else word for name, word in distinct.items()}
        filled[1::2] = [said[name] for name in names]
        return "".join(filled)

    def _keep(self, key: Hashable, pieces: list[str]) -> None:
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = pieces
