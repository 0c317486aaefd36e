"""References are read over the phone, and none is guessed from another."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from cpor_web.claims import filing
from cpor_web.claims.references import ALPHABET, new_reference, normalised
from cpor_web.programme import Programme
from tests.support import claims


def test_a_reference_is_two_groups_of_four_without_letters_that_are_misheard() -> None:
    assert not set("01OILU") & set(ALPHABET)
    for _ in range(200):
        assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", new_reference())


def test_references_do_not_repeat_or_count() -> None:
    made = [new_reference() for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert made != sorted(made)
    assert len({text[0] for text in made}) == len(ALPHABET)


@pytest.mark.parametrize("typed", ["K7QM-2XRD", "k7qm-2xrd", " k7qm 2xrd ", "K7QM2XRD", "k7-qm–2x.rd"])
def test_a_reference_is_found_however_it_was_written(typed: str) -> None:
    assert normalised(typed) == "K7QM-2XRD"


@given(st.text())
def test_whatever_is_typed_becomes_a_reference_or_nothing(typed: str) -> None:
    assert re.fullmatch(f"([{ALPHABET}]{{4}}-[{ALPHABET}]{{4}})?", normalised(typed))


def test_a_reference_that_is_taken_is_drawn_again(
    db_session: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = claims.editing(db_session, programme)
    drawn: Iterator[str] = iter([taken.reference, taken.reference, "FREE-2345"])
    monkeypatch.setattr(filing, "new_reference", lambda: next(drawn))
    claim = claims.editing(db_session, programme)
    db_session.flush()
    assert claim.reference == "FREE-2345"
    assert [product.key for product in claim.products] == ["intune", "teams"]
