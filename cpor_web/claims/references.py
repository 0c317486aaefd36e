"""Short public references: read over the phone without doubt, and never guessed from another one's."""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without 0 O, 1 I L, U
LENGTH = 8


def new_reference() -> str:
    """Return a random reference such as K7QM-2XRD: one of 656 thousand million."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{text[:4]}-{text[4:]}"


def normalised(text: str) -> str:
    """Return what somebody typed or heard in the form in which references are stored, or "" where it is none."""
    letters = "".join(c for c in text.upper() if c in ALPHABET)
    return f"{letters[:4]}-{letters[4:]}" if len(letters) == LENGTH else ""
