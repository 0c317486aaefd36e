"""Which passwords are taken: long enough, not easily guessed, and nothing that is known of who uses them.

No composition rules, and no expiry (NIST SP 800-63B, 5.1.1.2). What is easily guessed is for zxcvbn to say, which
carries lists of the most common passwords, names and words, and knows how they are varied. Nothing is asked outside.
"""

import re
import unicodedata
import uuid
from collections.abc import Iterator

from argon2 import PasswordHasher

from cpor_web.models import User
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid
from cpor_web.rules.words import N_

SHORTEST = 12
LONGEST = 128
FEWEST_GUESSES = 10**9
"""What a password must withstand. Each guess costs argon2's time, even where somebody has the table of users."""

_LOOKED_AT = 72  # characters: the estimate takes time that grows faster than they do
_SHORTEST_TELLING = 4


def normalized(password: str) -> str:
    """Return a password as it is hashed, so that any keyboard can type it."""
    return unicodedata.normalize("NFKD", password)


def choose(password: str, user: User, programme: Programme) -> None:
    """Give `user` a password and end all their sessions; raises Invalid as `check` does."""
    check(password, user, programme)
    user.password = PasswordHasher().hash(normalized(password))
    user.fs_uniquifier = uuid.uuid4().hex


def check(password: str, user: User, programme: Programme) -> None:
    """Raise Invalid("password") where the password is not taken, with what is wrong with it."""
    typed = normalized(password)
    if not SHORTEST <= len(typed) <= LONGEST:
        raise Invalid(
            N_("A password has %(least)s to %(most)s characters."),
            {"least": SHORTEST, "most": LONGEST},
            "password",
        )
    telling = list(_telling(user, programme))
    squeezed = _squeezed(typed)
    for word in telling:
        if _squeezed(word) in squeezed:
            raise Invalid(
                N_("The password contains “%(word)s”, which others know or guess. Leave that out."),
                {"word": word},
                "password",
            )
    if _guesses(typed, telling) < FEWEST_GUESSES:
        raise Invalid(
            N_("This password is easily guessed: it is much like common ones. Take words that do not go together."),
            field_name="password",
        )


def _telling(user: User, programme: Programme) -> Iterator[str]:
    """Yield what is known of somebody and the house: their address, their name, their employer, the operator."""
    local, _, domain = user.email.partition("@")
    short_name = re.search(r"\((.+)\)", programme.name)
    known = [user.email, local, domain.partition(".")[0], user.name, *user.name.split()]
    known += [programme.operator, *programme.operator.split(), programme.name]
    known += [short_name[1]] if short_name else []
    known += [user.partner.name, user.partner.name.split()[0]] if user.partner else []
    yield from (word for word in dict.fromkeys(known) if len(_squeezed(word)) >= _SHORTEST_TELLING)


def _squeezed(text: str) -> str:
    """Return the letters and digits of a text, whatever their case and accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


def _guesses(password: str, telling: list[str]) -> int:
    from zxcvbn import zxcvbn  # with its lists, only where a password is chosen

    return int(zxcvbn(password[:_LOOKED_AT], user_inputs=telling)["guesses"])
