"""Characters that show nothing: in a name they reorder, hide or break what stands around it."""

import unicodedata

from cpor_web.rules.exc import Invalid
from cpor_web.rules.words import N_

HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode's categories of control, format (bidi and zero-width too), unassigned, private characters; breaks."""

BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Those of them that no line may hold, whatever it is: controls (CR, LF, NUL), halves of characters, and breaks."""

NOT_VISIBLE = N_("Use letters, digits and signs only: no line breaks or control characters.")


def has_hidden(text: str) -> bool:
    """Tell whether a line has a character that shows nothing; blanks are no such characters."""
    return any(unicodedata.category(c) in HIDDEN for c in text)


def has_breaks(text: str) -> bool:
    """Tell whether this is more than one line, or could be taken for it, or cannot be written in UTF-8."""
    return not text.isprintable() and any(unicodedata.category(c) in BREAKS for c in text)


def visible(text: str) -> str:
    """Return a line without the characters that show nothing."""
    return "".join(c for c in text if unicodedata.category(c) not in HIDDEN)


def one_line(typed: str) -> str:
    """Return what was typed with single blanks for its blanks and breaks, and without NULs."""
    return " ".join(typed.replace("\x00", "").split())


def name_in(typed: str, *, if_empty: str) -> str:
    """Return the name that was typed, on one line. Raises Invalid("name") for an empty one or hidden characters."""
    name = one_line(typed)
    if not name:
        raise Invalid(if_empty, field_name="name")
    if has_hidden(name):
        raise Invalid(NOT_VISIBLE, field_name="name")
    return name
