"""Parts of pages that are drawn once, by many threads at the same time."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from flask import Flask
from jinja2 import DictLoader, UndefinedError
from markupsafe import Markup

from cpor_web.web import drawn
from cpor_web.web.holes import Pages


class _Meanwhile:
    """A key; when it is looked at for the second time, another thread's turn has come in between."""

    def __init__(self, meanwhile: Callable[[], Any]) -> None:
        self._meanwhile, self.looks = meanwhile, 0

    def __hash__(self) -> int:
        self.looks += 1
        if self.looks == 2:
            self._meanwhile()
        return 1


def test_a_part_is_given_though_all_are_forgotten_at_that_moment(app: Flask, monkeypatch: Any) -> None:
    monkeypatch.setattr(drawn, "MOST", 1)
    small = Flask("small")
    drawn.init_app(small)
    drawn_once: Any = small.jinja_env.globals["drawn_once"]
    with app.test_request_context():
        key = _Meanwhile(lambda: drawn_once(object(), caller=lambda: "its own"))
        assert drawn_once(key, caller=lambda: "a part") == "a part"
        key.looks = 0
        assert drawn_once(key, caller=lambda: "a part") == "a part"


class _Line(NamedTuple):
    is_late: bool


LINE = "<li>{% if line.is_late %}late: {% endif %}{{ name }}</li>"


@pytest.fixture
def listing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Markup]:
    """Draw lines by a template of this text."""

    def draw(text: str, *rows: tuple[NamedTuple, drawn.Words]) -> Markup:
        monkeypatch.setattr(app.jinja_env, "loader", DictLoader({f"{hash(text)}.html": text}))
        with app.test_request_context():
            return drawn.lines(f"{hash(text)}.html", rows)

    return draw


def test_each_line_has_its_own_words_escaped_and_what_is_kept_has_none(app: Flask, listing: Any) -> None:
    rows = [(_Line(is_late=False), {"name": "<Theirs>"}), (_Line(is_late=True), {"name": "another's"})]

    assert listing(LINE, *rows) == "<li>&lt;Theirs&gt;</li><li>late: another&#39;s</li>"
    assert listing(LINE, *reversed(rows)) == "<li>late: another&#39;s</li><li>&lt;Theirs&gt;</li>"

    pages: Pages = app.extensions["lines"]
    kept = "".join(piece for pieces in pages._kept.values() for piece in pieces)
    assert "late: " in kept
    assert not [words["name"] for _line, words in rows if words["name"].strip("<>") in kept]


def test_a_line_sees_nothing_of_the_page_and_decides_by_no_word(listing: Any) -> None:
    row = (_Line(is_late=False), {"name": "theirs"})
    for name in ("signed_in", "navigation", "programme"):
        assert listing(f"{{{{ {name} is defined }}}}", row) == "False"
    with pytest.raises(UndefinedError):
        listing("{{ signed_in.name }}", row)
    with pytest.raises(TypeError, match="cannot decide"):
        listing("{% if name %}{{ name }}{% endif %}", row)
