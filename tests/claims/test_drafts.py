"""What a form says is right or told to be wrong, field by field; nothing that can be typed breaks anything."""

import string
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.claims.problems import problems
from cpor_web.models import User
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid
from cpor_web.rules.fields import FIELDS
from tests.support import claims, factories
from tests.support.claims import NOW

CARLA = ContactDraft(name="Carla Conti", email="carla@contoso.example.com")


@pytest.fixture
def filer(db_session: Session) -> User:
    return factories.user(db_session, partner=factories.partner(db_session, domains=("fabrikam.example.org",)))


def wrong(filer: User, programme: Programme, **changes: Any) -> dict[str, Invalid]:
    assert filer.partner is not None
    return problems(claims.draft_of(filer, **changes), partner=filer.partner, programme=programme)


def test_a_complete_draft_is_right(filer: User, programme: Programme) -> None:
    assert wrong(filer, programme) == {}


def test_what_is_merely_missing_is_not_wrong_yet_but_for_the_name(filer: User, programme: Programme) -> None:
    assert filer.partner is not None
    assert problems(Draft(name="x"), partner=filer.partner, programme=programme) == {}
    assert set(problems(Draft(), partner=filer.partner, programme=programme)) == {"name"}


def test_a_draft_names_the_fields_as_the_rules_do() -> None:
    assert set(Draft().as_fields()) == {field.name for field in FIELDS}


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("name", {"name": ""}),
    ("name", {"name": "n" * 121}),
    ("customer_name", {"customer_name": "n" * 121}),
    ("contact_name", {"contact": replace(CARLA, name="n" * 121)}),
    ("second_title", {"second": replace(CARLA, email="dora@contoso.example.com", title="t" * 121)}),
    ("partner_contact_name", {"partner_contact_name": "n" * 121}),
    ("contact_reason", {"contact": replace(CARLA, reason="r" * 301)}),
    ("name", {"name": "two\nlines"}),
    ("customer_name", {"customer_name": "Contoso\x00"}),
    ("customer_name", {"customer_name": "Contoso\u2028"}),
    ("customer_name", {"customer_name": "Contoso\ud800"}),
    *(
        ("customer_name", {"customer_name": f"Con{hidden}toso"})
        for hidden in "\x1f\x7f\x85\x9f\xad\u200b\u200c\u200d\u2029\u202e\u2066\ufeff\ue000\ufffe\U000e0041"
    ),
    ("contact_email", {"contact": replace(CARLA, email="carla@con\u200btoso.example.com")}),
    ("mpn_id", {"mpn_id": "9999999"}),
    ("mpn_id", {"mpn_id": "not a number"}),
    *(
        ("customer_domain", {"customer_domain": text, "contact": replace(CARLA, reason="Hers.")})
        for text in (
            "contoso",
            "https://contoso.example.com",
            "carla@contoso.example.com",
            "-contoso.example.com",
            "contoso..example.com",
            "contoso.example.com.",
            "conto so.example.com",
            "conto\u2764o.example.com",
            "a" * 64 + ".example.com",
        )
    ),
    *(
        (name, {name: text})
        for name in ("tenant_id", "subscription_id")
        for text in (
            "0f8fad5b",
            "0f8fad5bd9cb469fa16570867728950e",
            "{0f8fad5b-d9cb-469f-a165-70867728950e}",
            "0f8fad5b-d9cb-469f-a165-70867728950g",
            "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e",
            "٠f8fad5b-d9cb-469f-a165-70867728950e",
        )
    ),
    ("area", {"area": "astrology"}),
    ("area", {"area": ""}),
    ("activity", {"activity": "pre-sales"}),
    ("activity", {"activity": "astrology"}),
    ("products", {"products": ("teams", "dynamics-365-sales")}),
    ("products", {"products": ("\x00",)}),
    ("contact_language", {"contact": replace(CARLA, language="tlh")}),
    ("contact_email", {"contact": replace(CARLA, email="carla")}),
    ("contact_email", {"contact": replace(CARLA, email="carla@contoso.example.com\nBcc: all@example.com")}),
    ("contact_email", {"contact": replace(CARLA, email="me@fabrikam.example.org")}),
    ("contact_email", {"contact": replace(CARLA, email="me@sub.FABRIKAM.example.org", reason="I know her.")}),
    ("contact_email", {"contact": replace(CARLA, email="me@ｆabrikam.example.org", reason="Hers.")}),
    ("contact_email", {"contact": replace(CARLA, email="me@fabrikam。example。org", reason="Hers.")}),
    ("contact_reason", {"contact": replace(CARLA, email="carla@gmａil.com")}),
    ("second_email", {"second": replace(CARLA, email="carla@ｃontoso．example.com")}),
    ("contact_reason", {"contact": replace(CARLA, email="carla@elsewhere.example.net")}),
    ("contact_reason", {"contact": replace(CARLA, email="carla@gmail.com")}),
    ("contact_reason", {"contact": replace(CARLA, email="info@contoso.example.com")}),
    ("contact_title", {"contact": replace(CARLA, title="t" * 121)}),
    ("second_email", {"second": ContactDraft(name="Dora")}),
    ("second_name", {"second": ContactDraft(email="dora@contoso.example.com")}),
    ("second_email", {"second": replace(CARLA, name="Dora", email="CARLA@contoso.example.com")}),
    ("second_reason", {"second": ContactDraft(name="Dora", email="dora@gmail.com")}),
    ("partner_contact_email", {"partner_contact_email": "nobody"}),
]
"""The field that is wrong, and what was typed."""


@pytest.mark.parametrize(("name", "typed"), WRONG, ids=[f"{name} {n}" for n, (name, _) in enumerate(WRONG)])
def test_what_breaks_a_rule_of_a_field_is_told_at_that_field(
    filer: User, programme: Programme, name: str, typed: dict[str, Any]
) -> None:
    found = wrong(filer, programme, **typed)
    assert list(found) == [name]
    assert found[name].field_name == name
    assert str(found[name])


RIGHT: list[dict[str, Any]] = [
    {"tenant_id": "0F8FAD5B-D9CB-469F-A165-70867728950E"},
    {"customer_domain": "Example.com", "contact": replace(CARLA, email="carla@sub.EXAMPLE.com")},
    {"customer_domain": "Bücher.example", "contact": replace(CARLA, email="carla@bücher.example")},
    {"customer_domain": "ｃontoso.example.com"},
    {"name": "n" * 120, "customer_name": "n" * 120, "contact": replace(CARLA, reason="r" * 300)},
    {"name": "Zażółć gęślą jaźń 日本 “quoted”"},
    {"contact": replace(CARLA, email="carla@sub.contoso.example.com")},
    {"contact": replace(CARLA, email="carla@gmail.com", reason="She has no other.")},
    {"contact": replace(CARLA, language="hu")},
    {"second": ContactDraft(name="Dora Diaz", email="dora@contoso.example.com")},
    {"area": "business-applications", "activity": "pre-sales", "products": ("dynamics-365-sales",)},
]


@pytest.mark.parametrize("typed", RIGHT, ids=str)
def test_what_keeps_the_rules_is_right(filer: User, programme: Programme, typed: dict[str, Any]) -> None:
    assert wrong(filer, programme, **typed) == {}


def test_a_global_mpn_id_is_refused_with_the_reason(filer: User, programme: Programme) -> None:
    assert filer.partner is not None
    headquarters = next(each.number for each in filer.partner.mpn_ids if each.kind == "global")
    assert "global" in str(wrong(filer, programme, mpn_id=headquarters)["mpn_id"])


def test_another_partners_mpn_id_is_refused(db_session: Session, filer: User, programme: Programme) -> None:
    other = factories.partner(db_session)
    assert set(wrong(filer, programme, mpn_id=other.mpn_ids[-1].number)) == {"mpn_id"}


def test_what_is_stored_is_what_was_compared(db_session: Session, filer: User, programme: Programme) -> None:
    draft = claims.draft_of(
        filer,
        customer_domain="Bücher。Example",
        contact=replace(CARLA, email="Carla@BÜCHER.example"),
        second=ContactDraft(name="Dora", email="dora@gmａil.com", reason="Hers."),
        partner_contact_email="me@ｆabrikam.example.org",
    )
    claim = operations.create(db_session, draft, actor=filer.actor, now=NOW, programme=programme)
    db_session.flush()

    assert claim.customer_domain == "xn--bcher-kva.example"
    assert [contact.email for contact in claim.contacts] == ["Carla@xn--bcher-kva.example", "dora@gmail.com"]
    assert [contact.needs_confirmation for contact in claim.contacts] == [False, True]
    assert claim.partner_contact_email == "me@fabrikam.example.org"


def test_every_problem_is_told_at_once(filer: User, programme: Programme) -> None:
    typed: dict[str, Any] = {"name": "", "mpn_id": "1", "tenant_id": "2", "partner_contact_email": "3"}
    assert set(wrong(filer, programme, **typed)) == set(typed)


def test_an_activity_of_another_area_is_told_with_those_that_it_has(filer: User, programme: Programme) -> None:
    said = str(wrong(filer, programme, activity="pre-sales")["activity"])
    assert said == "“Pre-sales” is not an activity of Microsoft 365. It has: Usage."


PLAIN = st.text(alphabet=string.printable, max_size=40)
ADDRESSES = st.builds("{}@{}".format, st.text(max_size=8), st.text(max_size=12) | st.just("contoso.example.com"))
ANYTHING = st.one_of(st.text(max_size=40), PLAIN, ADDRESSES, st.just("x" * 10_000), st.characters(categories=["Cs"]))
TEXTS = [field.name for field in fields(Draft) if field.name not in {"products", "contact", "second"}]


@st.composite
def anything(draw: st.DrawFn) -> dict[str, Any]:
    """Draw any text for some fields of the form, in a contact's fields too."""
    names = draw(st.lists(st.sampled_from([*TEXTS, "products", "contact", "second"]), min_size=1, max_size=3))
    typed: dict[str, Any] = {}
    for name in names:
        if name == "products":
            typed[name] = tuple(draw(st.lists(ANYTHING | st.just("teams"), max_size=3)))
        elif name in {"contact", "second"}:
            part = draw(st.sampled_from([field.name for field in fields(ContactDraft)]))
            typed[name] = replace(CARLA, **{part: draw(ANYTHING)})
        else:
            typed[name] = draw(ANYTHING)
    return typed


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(typed=anything())
def test_any_text_in_any_field_is_wrong_or_saved_and_never_another_error(
    db_session: Session, filer: User, programme: Programme, typed: dict[str, Any]
) -> None:
    about: dict[str, Any] = {"actor": filer.actor, "now": NOW, "programme": programme}
    draft = claims.draft_of(filer, **typed)
    found = wrong(filer, programme, **typed)
    savepoint = db_session.begin_nested()
    if found:
        with pytest.raises(Invalid) as refused:
            operations.create(db_session, draft, **about)
        assert refused.value.field_name in found
    else:
        claim = operations.create(db_session, draft, **about)
        db_session.flush()
        assert Draft.from_claim(claim).name == draft.name
    savepoint.rollback()
