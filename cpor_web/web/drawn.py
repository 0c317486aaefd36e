"""Parts of pages that are the same for everybody who reads them in one language: drawn once, and kept."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple

from flask import Flask, current_app, request
from markupsafe import Markup

from cpor_web.web.holes import Pages
from cpor_web.web.present import spoken

MOST = 200
"""How many are kept; past that, all are drawn anew."""

Words = dict[str, str]
"""What is one claim's or one person's own, by the names of the holes it comes into."""

_LINES = "lines"


def init_app(app: Flask) -> None:
    """Give templates `{% call drawn_once(key) %}…{% endcall %}`.

    All that the part depends on, but for the language, must be in the key, and nothing of a person. With None for a
    key it is drawn anew, and so is everything while templates reload.
    """
    kept: dict[Hashable, str] = {}
    app.extensions[_LINES] = Pages()

    def drawn_once(key: Hashable, *, caller: Callable[[], str]) -> str:
        if key is None or app.jinja_env.auto_reload:
            return caller()
        whole = (spoken(), request.script_root, key)
        found = kept.get(whole)  # once: another thread may clear them at any moment
        if found is None:
            found = caller()
            if len(kept) >= MOST:
                kept.clear()
            kept[whole] = found
        return found

    app.jinja_env.globals["drawn_once"] = drawn_once


def lines(template: str, rows: Iterable[tuple[NamedTuple, Words]]) -> Markup:
    """Return the lines of a list. The template is drawn once for each language and each thing that a line decides by.

    It sees nothing else than that, as `line`, and holes for the words, by their names: see `holes`.
    """
    filled = _filler(template)
    return Markup("".join(filled(line, words, line=line) for line, words in rows))  # noqa: S704 - a template escapes


def part(template: str, by: NamedTuple, words: Words) -> Markup:
    """Return a part of a page, drawn likewise: its template sees the fields of what it decides by, and the holes."""
    return Markup(_filler(template)(by, words, **by._asdict()))  # noqa: S704 - as above, and so do holes


def _filler(template: str) -> Callable[..., str]:
    """Return what fills words into the template, as it is drawn for who asks and what it is decided `by`."""
    pages: Pages = current_app.extensions[_LINES]
    keeps = not current_app.jinja_env.auto_reload
    reader = (template, spoken(), request.script_root)

    def filled(by: NamedTuple, words: Words, **seen: object) -> str:
        def draw(words: Mapping[str, str]) -> str:
            return current_app.jinja_env.get_template(template).render(**seen, **words)

        return pages.filled((*reader, by), words, draw) if keeps else draw(words)

    return filled
