"""Holes: where the words of one mail differ from those of the next of the same form.

Templates print a hole as they print a text, and it goes through their filters. Only what a template *looks at*, to
say one thing or another, cannot be a hole: it decides about the form, and is one of the things it is known by.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any, NoReturn

from cpor_web.emails.wrapping import wrapped

Write = Callable[[str], str]
"""How a text is written that a filter was asked for: a moment in words, a quotation behind its marks."""

# A private character is none that people type into a mail (see `inert`). Of the quotation mark, HTML tells afterwards
# whether it stands in an attribute.
_OPEN, _CLOSE = "\ue000", "\ue001"
_IN_TEXT = re.compile(f'{_OPEN}"([0-9]+){_CLOSE}')
_IN_HTML = re.compile(f'{_OPEN}("|&quot;)([0-9]+){_CLOSE}')

_EMPTY: Mapping[type, Any] = {list: (), dict: frozenset()}


class LookedAt(Exception):
    """A template decides by a text, which cannot be a hole then. `path` is which one, as `leaves` names it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Hole:
    """Stands for a text that is not empty. Whoever does anything but print it raises LookedAt."""

    def __init__(self, holes: "Holes", path: str, write: Write | None) -> None:
        self._holes, self._path, self._write = holes, path, write

    def __str__(self) -> str:
        return f'{_OPEN}"{self._holes.number(self._path, self._write)}{_CLOSE}'

    def __html__(self) -> str:
        return str(self).replace('"', "&#34;")

    def __bool__(self) -> bool:
        return True  # what is empty is no hole

    def written(self, write: Write) -> "Hole":
        """Return the hole for what `write` makes of the text."""
        if self._write is not None:
            self._look()
        return Hole(self._holes, self._path, write)

    def _look(self, *_other: object) -> NoReturn:
        raise LookedAt(self._path)

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = _look
    __hash__ = __len__ = __iter__ = __getitem__ = __contains__ = __add__ = __mod__ = _look


class Holes:
    """All holes of one form, numbered in the order in which they are first printed."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, Write | None], int] = {}

    def number(self, path: str, write: Write | None) -> int:
        """Return the number of a hole."""
        return self._numbers.setdefault((path, write), len(self._numbers))

    def among(self, value: Any, looked_at: frozenset[str], path: str = "") -> Any:
        """Return a mail's facts with holes for their texts, but those that are empty or looked at."""
        if isinstance(value, dict):
            return {key: self.among(each, looked_at, f"{path}.{key}") for key, each in value.items()}
        if isinstance(value, list):
            return [self.among(each, looked_at, f"{path}[{index}]") for index, each in enumerate(value)]
        return Hole(self, path, None) if isinstance(value, str) and value and path not in looked_at else value

    def filled(self, texts: Mapping[str, Any]) -> list[str]:
        """Return what comes into each hole; `texts` are those of `leaves`."""
        return [texts[path] if write is None else write(texts[path]) for path, write in self._numbers]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Name everything in a mail's facts that holds nothing more."""
    if value and isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}")
    elif value and isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[{index}]")
    else:
        yield path, _EMPTY.get(type(value), value)


def form(texts: Mapping[str, Any], looked_at: frozenset[str]) -> tuple[Any, ...]:
    """Return what two mails have in common that differ in their holes alone; `texts` are those of `leaves`."""
    return tuple(
        path if type(value) is str and value and path not in looked_at else (path, type(value), value)
        for path, value in texts.items()
    )


class Line:
    """A subject with holes in it."""

    def __init__(self, text: str) -> None:
        self._parts = _IN_TEXT.split(text)

    def filled(self, words: list[str]) -> str:
        """Return it with `words` in the holes, by their numbers."""
        parts = self._parts.copy()
        parts[1::2] = [words[int(number)] for number in parts[1::2]]
        return "".join(parts)


class Text:
    """A plain text with holes in it; where there are none, its lines are broken once for all mails."""

    def __init__(self, text: str) -> None:
        self._parts: list[str | Line] = []
        for has_holes, group in groupby(text.splitlines(), lambda line: _OPEN in line):
            lines = list(group)
            self._parts += map(Line, lines) if has_holes else ["\n".join(map(wrapped, lines))]

    def filled(self, words: list[str]) -> str:
        """Return it with `words` in the holes, by their numbers, and no line too long."""
        return "\n".join(each if isinstance(each, str) else wrapped(each.filled(words)) for each in self._parts)


class Page:
    """An HTML with holes in it, in its text and in its attributes."""

    def __init__(self, html: str) -> None:
        first, *rest = _IN_HTML.split(html)
        self._parts = [first]
        self._holes: list[tuple[int, bool]] = []
        for quote, number, after in zip(*[iter(rest)] * 3, strict=True):
            self._holes.append((int(number), quote != '"'))
            self._parts += ["", after]

    def filled(self, words: list[str]) -> str:
        """Return it with `words` in the holes, by their numbers, escaped as the inliner does it."""
        in_text = [each.translate(_ESCAPED) for each in words]
        parts = self._parts.copy()
        parts[1::2] = [
            words[number].translate(_ESCAPED_IN_ATTRIBUTES) if is_in_attribute else in_text[number]
            for number, is_in_attribute in self._holes
        ]
        return "".join(parts)


_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\xa0": "&nbsp;"})
_ESCAPED_IN_ATTRIBUTES = str.maketrans({"&": "&amp;", '"': "&quot;", "\xa0": "&nbsp;"})
