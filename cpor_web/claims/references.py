"""Short public references: read over the phone without doubt, and never guessed from another one's."""

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without 0 O, 1 I L, U
LENGTH = 8
MOST_NAMED = 50


def new_reference() -> str:
    """Return a random reference such as K7QM-2XRD: one of 656 thousand million."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{text[:4]}-{text[4:]}"


def named_in(text: str) -> list[str]:
    """Return what looks like references in a text, each once, at most fifty; whether they are any is open."""
    found = re.findall(rf"(?<![A-Z0-9])[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}(?![A-Z0-9])", text)
    return list(dict.fromkeys(found))[:MOST_NAMED]


def normalised(text: str) -> str:
    """Return what somebody typed or heard in the form in which references are stored, or "" where it is none."""
    letters = "".join(c for c in text.upper() if c in ALPHABET)
    return f"{letters[:4]}-{letters[4:]}" if len(letters) == LENGTH else ""
