"""What forms of several rooms read and check their fields by."""

from flask_babel import LazyString, format_decimal
from flask_babel import lazy_gettext as _l
from wtforms.validators import Length


def stripped(typed: str | None) -> str:
    """Return what was typed without outer blanks."""
    return (typed or "").strip()


def at_most(characters: int) -> Length:
    """Return what refuses a longer text, and says how long it may be."""
    return Length(max=characters, message=too_long(characters))


def too_long(most: int) -> LazyString:
    """Return what a text of more characters than `most` is answered, in the language of whoever reads it then."""
    return _l("Enter at most %(most)s characters.", most=LazyString(format_decimal, most))
