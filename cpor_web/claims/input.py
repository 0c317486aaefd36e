"""Checks that every verb makes of what comes in."""

from cpor_web.rules.exc import Invalid
from cpor_web.rules.words import N_

LONGEST_TEXT = 10_000


def text_of(text: str, field_name: str) -> str:
    """Return a longer text without outer blanks and NUL; raises Invalid where it is too long."""
    text = text.replace("\x00", "").strip()
    if len(text) > LONGEST_TEXT:
        raise Invalid(N_("Enter at most %(most)s characters."), {"most": LONGEST_TEXT}, field_name=field_name)
    return text


def needed_text(text: str, field_name: str, sentence: str) -> str:
    """Return `text_of` the text; raises Invalid with `sentence` where nothing is left."""
    text = text_of(text, field_name)
    if not text:
        raise Invalid(sentence, field_name=field_name)
    return text
