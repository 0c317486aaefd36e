"""Parts of pages that are drawn once, by many threads at the same time."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from cpor_web import drawn


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
