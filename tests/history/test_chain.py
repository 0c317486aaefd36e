"""What is hashed of an event: the same before and after the database, and the same for ever."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, example, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import history
from cpor_web.history import chain
from cpor_web.keys.signing import LARGEST, canonical
from cpor_web.models import Claim, Event, HistoryHead
from cpor_web.programme import Programme
from cpor_web.rules.roles import Actor, Role
from tests.support import claims

AT = datetime(2026, 11, 16, 9, 0, 0, 250, tzinfo=UTC)
SAID = chain.said(b"s" * 16, actor="Zoë", user_id=7, data={"b": 1, "a": ["é", None, 1.50]})
FACTS: dict[str, Any] = {
    "claim_id": 12,
    "version": 3,
    "kind": "claim:approved",
    "at": AT,
    "role": "reviewer",
    "is_internal": False,
    "said": SAID,
}

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-LARGEST, LARGEST) | st.floats(-LARGEST, LARGEST)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@with_settings(max_examples=200)
@given(value=JSON | st.integers() | st.characters())
@example(value={"é": 1, "z": '\x7f\x00\x1f"\\/\u2028😀', "A": [True, None, -5, {"b": "", "a": 1.5}]})
def test_what_is_written_quickly_is_written_as_by_the_library(value: Any) -> None:
    def written(by: Callable[[Any], bytes]) -> bytes | type[Exception]:
        try:
            return by(value)
        except ValueError as error:
            return type(error)

    assert written(canonical) == written(rfc8785.dumps)


def test_the_formulas_are_kept_for_ever() -> None:
    assert SAID.hex() == "a3e3fc43ef0b27098c1fd916633f4cde7730ee1110aff683786967e2a3761fa2"
    assert chain.facts(**FACTS).decode() == (
        '{"at":"2026-11-16T09:00:00.000250+00:00","claim":12,"internal":false,"kind":"claim:approved",'
        f'"role":"reviewer","said":"{SAID.hex()}","version":3}}'
    )
    assert (
        chain.link(chain.START, 1, chain.facts(**FACTS)).hex()
        == "2adb1bd57e07338cbc332d7071f465bafbfc4c4541f7c9ad1e034f1294a09215"
    )


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("claim_id", 13),
        ("version", 4),
        ("kind", "claim:rejected"),
        ("at", AT + timedelta(microseconds=1)),
        ("role", "administrator"),
        ("is_internal", True),
        ("said", bytes(32)),
    ],
)
def test_every_fact_is_in_the_link(name: str, other: object) -> None:
    changed = chain.facts(**{**FACTS, name: other})
    assert chain.link(chain.START, 1, changed) != chain.link(chain.START, 1, chain.facts(**FACTS))


def test_the_link_before_and_the_position_are_in_the_link() -> None:
    facts = chain.facts(**FACTS)
    assert (
        len({chain.link(chain.START, 1, facts), chain.link(b"x" * 32, 1, facts), chain.link(chain.START, 2, facts)})
        == 3
    )


def test_a_moment_is_the_same_in_every_zone() -> None:
    assert chain.moment(AT) == chain.moment(AT.astimezone(timezone(timedelta(hours=9))))


@pytest.mark.parametrize(
    "data",
    [{"a": float("nan")}, {"a": float("inf")}, {"a": 2**53}, {"a": [-1e300]}, {"a": "x\0"}, {"\0": 1}, {"a": AT}],
)
def test_what_would_come_back_as_something_else_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        chain.normal(data)


@pytest.mark.parametrize("data", [{"a": "\ud800"}, {"\udfff": 1}])
def test_half_a_character_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        chain.said(bytes(16), actor="", user_id=None, data=chain.normal(data))


@with_settings(max_examples=200)
@given(value=JSON)
def test_what_is_normal_is_what_json_gives_back(value: Any) -> None:
    kept = chain.normal({"a": value, "b": (value,)})["a"]

    assert repr(kept) == repr(json.loads(json.dumps(value)))


def test_what_is_changed_afterwards_stays_as_it_was_said() -> None:
    given: dict[str, Any] = {"to": ["Ada"], "of": {"round": 1}}
    kept = chain.normal(given)
    given["to"].append("Bea")
    given["of"]["round"] = 2

    assert kept == {"to": ["Ada"], "of": {"round": 1}}


def test_keys_and_names_are_normal_when_they_come_out() -> None:
    assert chain.normal({1: (Role.REVIEWER, True)}) == {"1": ["reviewer", True]}  # type: ignore[dict-item]


@with_settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.dictionaries(TEXT, JSON, max_size=4), name=TEXT, kind=TEXT, internal=st.booleans())
def test_whatever_is_appended_comes_back_with_the_same_digests(
    db_session: Session, programme: Programme, data: dict[str, Any], name: str, kind: str, internal: bool
) -> None:
    claim = _claim(db_session, programme)
    before = db_session.scalars(select(HistoryHead.link).where(HistoryHead.claim_id == claim.id)).one()
    history.append(db_session, claim, kind, actor=Actor(Role.SYSTEM, name), now=AT, data=data, is_internal=internal)
    newest = select(Event).where(Event.claim_id == claim.id).order_by(Event.position.desc())
    made = db_session.scalars(newest.limit(1)).one()
    assert made.salt is not None
    assert made.said == chain.said(made.salt, actor=made.actor, user_id=made.user_id, data=made.data)
    facts = chain.facts(
        claim_id=made.claim_id,
        version=made.version,
        kind=made.kind,
        at=made.at,
        role=made.role,
        is_internal=made.is_internal,
        said=made.said,
    )
    assert made.link == chain.link(before, made.position, facts)
    assert made.data == json.loads(json.dumps(data))


def _claim(session: Session, programme: Programme) -> Claim:
    found = session.scalars(select(Claim).join(Event, Event.claim_id == Claim.id)).first()
    return found or claims.editing(session, programme)
