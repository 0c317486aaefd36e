"""The rulebook's sentences: marked for translation without translating them, and what fills them."""

from collections.abc import Mapping

Value = str | int | tuple[str, ...]
"""A text, a number, or several texts. It stays what it is until it is shown: then it is put as its reader puts it."""

Values = Mapping[str, Value]


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, do not translate yet"
    """Return `message` unchanged; the extraction of translations finds it by this name."""
    return message
