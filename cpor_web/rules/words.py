"""Marks the rulebook's sentences for translation without translating them."""


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, do not translate yet"
    """Return `message` unchanged; the extraction of translations finds it by this name."""
    return message
