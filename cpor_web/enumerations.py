"""How several names are written in a sentence: "Intune and Teams", as each language joins them."""

from collections.abc import Sequence
from functools import lru_cache

from babel.lists import format_list


def enumerated(names: Sequence[object], language: str) -> str:
    """Write names one after the other, with the language's own word before the last."""
    return _joined(tuple(str(name) for name in names), language)


@lru_cache(maxsize=1000)
def _joined(names: tuple[str, ...], language: str) -> str:
    return format_list(names, locale=language)
