"""Which passwords are taken, and which are refused with what sentence."""

import string
import time

import pytest
from sqlalchemy.orm import Session

from cpor_web.models import User
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import Role
from cpor_web.samples.people import PASSWORD as OF_THE_SAMPLE
from cpor_web.users import passwords
from tests.support import factories

GOOD = "eleven geese and one"
LONG = "".join(string.ascii_letters[(7 * n * n + n) % 52] for n in range(129))


@pytest.fixture
def user(db_session: Session) -> User:
    partner = factories.partner(db_session, "Zephyr Consulting", domains=("zephyr.example.org",))
    return factories.user(
        db_session, Role.VIEWER, partner=partner, email="astrid.aberg@zephyr.example.org", name="Astrid Åberg"
    )


def test_a_password_is_kept_as_argon2id_and_ends_the_sessions(user: User, programme: Programme) -> None:
    before = user.fs_uniquifier
    passwords.choose(GOOD, user, programme)
    assert user.password.startswith("$argon2id$")
    assert "geese" not in user.password
    assert user.fs_uniquifier != before


@pytest.mark.parametrize("password", ["", "geese, one!", LONG])
def test_a_password_of_a_wrong_length_is_refused_and_changes_nothing(
    user: User, programme: Programme, password: str
) -> None:
    before = user.password, user.fs_uniquifier
    with pytest.raises(Invalid, match="12 to 128") as refusal:
        passwords.choose(password, user, programme)
    assert refusal.value.field_name == "password"
    assert (user.password, user.fs_uniquifier) == before


@pytest.mark.parametrize("password", ["geese, one!?", LONG[:128], GOOD, factories.PASSWORD, OF_THE_SAMPLE])
def test_long_and_unlikely_passwords_are_taken(user: User, programme: Programme, password: str) -> None:
    passwords.check(password, user, programme)


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password1234!",
        "P@ssw0rd1234",
        "qwertyuiop12",
        "1q2w3e4r5t6y",
        "123456789012",
        "iloveyou1234",
        "aaaaaaaaaaaa",
        "abcabcabcabcabc",
        "passwort1234",
        "wachtwoord12",
        "letmein letmein",
        "Summer2026!!",
        "a" * 128,
    ],
)
def test_what_is_easily_guessed_is_refused(user: User, programme: Programme, password: str) -> None:
    with pytest.raises(Invalid, match="easily guessed"):
        passwords.check(password, user, programme)


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("astrid.aberg@zephyr.example.org", "astrid.aberg@zephyr.example.org"),
        ("xK7 astridaberg pQ", "astrid.aberg"),
        ("xK7 ÅBERG pQ wet", "Åberg"),
        ("xK7 aberg pQ wet", "Åberg"),
        ("xK7 A-S-T-R-I-D pQ", "Astrid"),
        ("wet zephyr heron", "zephyr"),
        ("Vendor-heron-wet", "Vendor"),
        ("heron CPOR wet sky", "CPOR"),
    ],
)
def test_what_is_known_of_somebody_and_the_house_is_refused_by_name(
    user: User, programme: Programme, password: str, word: str
) -> None:
    with pytest.raises(Invalid, match="which others know or guess") as refusal:
        passwords.check(password, user, programme)
    assert refusal.value.values["word"] == word


def test_short_parts_of_a_name_are_no_reason(user: User, programme: Programme) -> None:
    user.name = "Bo Li"
    passwords.check("li wades, bo flies", user, programme)


@pytest.mark.parametrize("password", ["a" * 128, "ab1" * 42, "password" * 16, "2026-11-21" * 12])
def test_no_password_takes_long_to_look_at(user: User, programme: Programme, password: str) -> None:
    passwords.check(GOOD, user, programme)  # loads the lists
    start = time.process_time()
    with pytest.raises(Invalid):
        passwords.check(password, user, programme)
    assert time.process_time() - start < 1
