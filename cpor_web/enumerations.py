"""How several names are written in a sentence: "Intune and Teams", as each language joins them."""

from collections.abc import Sequence

from babel.lists import format_list


def enumerated(names: Sequence[object], language: str) -> str:
    """Write names one after the other, with the language's own word before the last."""
    return format_list([str(name) for name in names], locale=language)
