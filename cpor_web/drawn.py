"""Parts of pages that are the same for everybody who reads them in one language: drawn once, and kept."""

from collections.abc import Callable, Hashable

from flask import Flask
from flask_babel import get_locale

MOST = 200
"""How many are kept; past that, all are drawn anew."""


def init_app(app: Flask) -> None:
    """Give templates `{% call drawn_once(key) %}…{% endcall %}`.

    All that the part depends on, but for the language, must be in the key, and nothing of a person. With None for a
    key it is drawn anew.
    """
    kept: dict[Hashable, str] = {}

    def drawn_once(key: Hashable, *, caller: Callable[[], str]) -> str:
        if key is None:
            return caller()
        whole = (str(get_locale()), key)
        found = kept.get(whole)  # once: another thread may clear them at any moment
        if found is None:
            found = caller()
            if len(kept) >= MOST:
                kept.clear()
            kept[whole] = found
        return found

    app.jinja_env.globals["drawn_once"] = drawn_once
