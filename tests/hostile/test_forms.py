"""Anything in any field of any form that is on a page: no failure, no half change, no markup, nowhere else."""

from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.emails.links import Purpose
from cpor_web.models import Invitation, User
from tests.access.places import lines, plain
from tests.hostile import words
from tests.hostile.pages import BOUNDARY, Form, Pairs, answered, forms, multipart, send
from tests.hostile.watch import Watch
from tests.partners import test_importing as importing
from tests.support import sample
from tests.support.everybody import Kind

WHO = {
    Kind.STRANGER: ("/login", "/login/code", "/login/recovery-code", "/reset", "/consent-record"),
    Kind.CUSTOMER: (),
    Kind.OWN_GLOBAL: ("/", "/account/confirm"),
    Kind.REVIEWER: ("/review", "/review/mails"),
    Kind.ADMINISTRATOR: ("/admin",),
}
"""Who has forms that nobody before them has, and where the way to them starts. Customers' are their links."""

ON_NO_PAGE = {
    "POST /assessments/results",
    "POST /o/<token>",
    "POST /reset/<token>",
    "POST /review/<reference>/contacts/<contact_id>/confirm",
    "POST /admin/assessments/handovers/<handover_id>/send-again",
    "POST /admin/assessments/table",
    "POST /admin/holding/release",
    "POST /people/<user_id>/activate",
    "POST /admin/calendar/remove",
    "POST /people/<user_id>/invite",
    "POST /people/<user_id>/reset-second-factor",
    "POST /u/<token>",
}
"""What no page of the sample offers as it is; test_addresses.py sends all kinds of bodies there too."""

typed = st.sampled_from(words.EVERYTHING) | st.text(max_size=60).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)


@pytest.fixture(scope="module")
def found(watch: Watch) -> dict[Kind, list[Form]]:
    """The forms of everybody, once."""
    with Session(watch.everybody.engine) as session:
        kinds = sample.kinds(session)
        signers = watch.everybody.app.extensions["signers"]
        table = importing.table(importing.row(session.get_one(User, watch.everybody.ids[Kind.OWN_GLOBAL])))
        links = session.scalars(select(Invitation.link_id).order_by(Invitation.id)).all()
    paths = [
        "/" + signers.url(purpose, link).split("/", 3)[3]
        for link in links
        for purpose in (Purpose.DENY, Purpose.UNDO, Purpose.YES)
    ]
    found, known = dict[Kind, list[Form]](), set[str]()
    for kind, starts in WHO.items():
        with watch.looking_around():
            seen = forms(watch.everybody.browser(kind), paths if kind is Kind.CUSTOMER else starts, kinds)
            seen += [
                shown
                for form in seen
                if kind is Kind.OWN_GLOBAL and form.files == {"table"}
                for shown in answered(watch.everybody.browser(kind), form, form.with_("table", table))
            ]
        found[kind] = [form for form in seen if form.kind not in known]
        known |= {form.kind for form in seen}
    return found


def test_the_forms_of_all_pages_are_tried(app: Flask, found: dict[Kind, list[Form]]) -> None:
    adapter = app.url_map.bind("")
    tried = set()
    for form in (form for seen in found.values() for form in seen if form.method == "POST"):
        rule, _ = adapter.match(form.action.partition("?")[0], method="POST", return_rule=True)
        tried.add(f"POST {plain(rule)}")
    not_tried = {line for line, _ in lines(app) if line.startswith("POST")} - tried
    assert sorted(not_tried - ON_NO_PAGE) == sorted(ON_NO_PAGE - not_tried) == []


@pytest.mark.hypothesis
@pytest.mark.parametrize("kind", WHO)
def test_each_field_meets_what_nobody_types(watch: Watch, found: dict[Kind, list[Form]], kind: Kind) -> None:
    wrong = [
        complaint
        for form in found[kind]
        for what, pairs in _one_by_one(form)
        if (complaint := watch.complaint(kind, f"{form.kind} {what}", lambda browser: send(browser, form, pairs)))  # noqa: B023
    ]
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


@pytest.mark.hypothesis
@pytest.mark.parametrize("kind", WHO)
def test_all_fields_meet_anything_at_once(watch: Watch, found: dict[Kind, list[Form]], kind: Kind) -> None:
    for form in found[kind]:
        _anything(watch, kind, form)


@pytest.mark.parametrize("kind", WHO)
def test_fields_of_text_meet_files(watch: Watch, found: dict[Kind, list[Form]], kind: Kind) -> None:
    encoded = f"multipart/form-data; boundary={BOUNDARY}"
    wrong = []
    for form in (each for each in found[kind] if each.method == "POST"):
        texts = {name for name in form.names if name != "csrf_token"} ^ form.files
        body = multipart(form.given, texts)
        wrong.append(watch.complaint(kind, form.kind, lambda b: b.post(form.action, data=body, content_type=encoded)))  # noqa: B023
    assert not any(wrong), "\n".join(filter(None, wrong))


def _one_by_one(form: Form) -> Iterator[tuple[str, Pairs]]:
    """Yield what is sent, each with a word for it: each field with something of everything, absent, twice, a list.

    With little time each field meets markup, one thing more, and one of the wrong ways to send a field.
    """
    number_of_words = len(words.EVERYTHING) if words.EXPLORES else 1
    for number, name in enumerate(form.names):
        others = [(each, value) for each, value in form.given if each != name]
        more = words.some(number_of_words, for_=f"{form.kind}{name}", of=words.EVERYTHING)
        for value in (words.ALWAYS[0], *more):
            yield f"{name}={value[:40]!r}", form.with_(name, value)
        ways: list[tuple[str, Pairs]] = [
            (f"without {name}", others),
            (f"{name} twice", [*form.given, (name, b"2"), (name, b"<hostile>")]),
            (f"{name}[]", [*others, (f"{name}[]", b"1"), (f"{name}[a]", b"1"), (f"{name}-0", b"1")]),
        ]
        yield from ways if words.EXPLORES else ways[number % 3 :][:1]
    yield "unknown fields", [*form.given, ("role", b"administrator"), ("is_admin", b"1"), ("id", b"1")]


def _anything(watch: Watch, kind: Kind, form: Form) -> None:
    keeps_token = {name: value for name, value in form.given if name == "csrf_token"}
    names = [name for name in form.names if name != "csrf_token"]

    @settings(max_examples=40 if words.EXPLORES else 2, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(names), typed), max_size=2 * len(names)))
    def try_it(pairs: list[tuple[str, bytes]]) -> None:
        given_too = [*keeps_token.items(), *pairs]
        complaint = watch.complaint(kind, f"{form.kind} {pairs!r}", lambda browser: send(browser, form, given_too))
        assert not complaint

    if names:
        try_it()
