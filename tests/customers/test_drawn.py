"""Pages that are drawn once: what is kept has nobody's words, and reads as one that is drawn anew."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup

from cpor_web.customers.shown import Page
from cpor_web.emails.links import Purpose
from cpor_web.extensions import db
from cpor_web.models import AnswerKind
from cpor_web.previews.standings import STATES, Stage
from cpor_web.programme import Programme
from cpor_web.web.holes import MOST, Hole, Pages
from tests.customers.conftest import Asked, Deny
from tests.support.browser import Browser

DECISIONS = (bool, len, lambda hole: hole == "", lambda hole: hole < "x", lambda hole: "x" in hole)


def kept(app: Flask) -> str:
    pages: Pages = app.extensions["customers' pages"]
    return "".join(piece for pieces in pages._kept.values() for piece in pieces)


@pytest.mark.parametrize("decide", DECISIONS)
def test_a_page_cannot_decide_by_what_is_in_a_hole(decide: Any) -> None:
    with pytest.raises(TypeError, match="cannot decide"):
        decide(Hole("partner"))


def test_what_is_filled_in_is_escaped_but_for_markup() -> None:
    words = {"typed": "<b>", "ours": Markup("<bdi>x</bdi>")}

    page = Pages().filled("key", words, lambda words: f"{words['typed']}|{words['ours']}|{words['typed']}")

    assert page == "&lt;b&gt;|<bdi>x</bdi>|&lt;b&gt;"


def test_only_so_many_pages_are_kept() -> None:
    pages = Pages()
    for number in range(MOST + 1):
        pages.filled(number, {}, lambda _words: "a page")

    assert len(pages._kept) == 1


@pytest.mark.parametrize("is_denied", [False, True])
def test_what_is_kept_has_nothing_of_a_customers(
    app: Flask, asked: Asked, customer: Browser, deny: Deny, is_denied: bool
) -> None:
    asked.claim.customer_name = "Wholly Theirs Ltd"
    asked.session.commit()
    if is_denied:
        deny(asked)
    for purpose in (Purpose.DENY, Purpose.UNDO, Purpose.YES):
        customer.get(asked.path(purpose))
    texts, mpn_id = kept(app), asked.claim.mpn_id
    assert mpn_id

    assert "partner of record" in texts
    for theirs in ("Wholly Theirs", asked.claim.partner.name, str(asked.claim.tenant_id), mpn_id.number, "Teams"):
        assert theirs not in texts
    assert not any(asked.token(purpose) in texts for purpose in Purpose)


def test_a_page_that_was_kept_reads_as_one_that_is_drawn_anew(
    app: Flask, asked: Asked, customer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [customer.get(f"{asked.path()}{lang}").text for lang in ("", "", "?lang=de", "?lang=en")]
    with app.app_context():
        monkeypatch.setattr(app.jinja_env, "auto_reload", True)
    anew = [customer.get(f"{asked.path()}{lang}").text for lang in ("", "", "?lang=de", "?lang=en")]
    with app.app_context():
        db.session.remove()

    assert kept == anew
    assert len(set(kept)) == 3


def test_each_answer_changes_what_a_page_is_kept_by(programme: Programme, now: Any) -> None:
    standing, catalogue = STATES["open"].invent(Stage(now, programme)), programme.catalogue
    said = [replace(standing, said={kind: now}) for kind in AnswerKind]
    others = [
        replace(standing, replaces=True),
        replace(standing, claim=replace(standing.claim, domain="")),
        replace(standing, claim=replace(standing.claim, activity="left the catalogue")),
    ]
    pages = {Page.of(each, now=now, catalogue=catalogue) for each in [standing, *said, *others]}
    late = Page.of(standing, now=now + timedelta(days=60), catalogue=catalogue)

    assert len(pages | {late}) == len(AnswerKind) + 5
    assert set(Page._fields).isdisjoint({"partner", "customer", "products", "token"})
