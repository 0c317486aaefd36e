"""Every address and method × every kind of user, against the table that is written out in `table`."""

from collections import Counter
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from cpor_web import spreadsheets
from cpor_web.accounts.access import allowed_roles, is_open
from cpor_web.rules.roles import PARTNER_ROLES, Role
from tests.access.places import Places, lines
from tests.access.table import EVERYBODY, MAY, PARTNERS, SWITCHED_OFF
from tests.support.browser import Browser
from tests.support.everybody import Everybody, Kind, looks
from tests.support.undone import Undone
from tests.test_spreadsheets import cells_of

LEAD_TO_SIGN_IN = {
    "POST /logout",
    "GET /login/code",
    "POST /login/code",
    "GET /login/recovery-code",
    "POST /login/recovery-code",
}
"""Part of signing in and out: they lead there whoever asks for them alone."""

NOT_SIGNED_IN = {Kind.STRANGER, Kind.CUSTOMER, Kind.DEACTIVATED}


def test_every_address_and_method_has_its_line_and_each_line_its_address(app: Flask) -> None:
    assert Counter(line for line, _ in lines(app)) == Counter(MAY.keys())


@pytest.mark.parametrize("kind", Kind)
def test_who_may_is_let_in_and_nobody_else(everybody: Everybody, places: Places, undone: Undone, kind: Kind) -> None:
    wrong = []
    for line, rule in lines(everybody.app):
        with undone.afresh():
            answer = _ask(everybody.browser(kind), kind, line, places.path(line, rule))
        if _was_let_in(answer, line) != (kind in MAY[line] and line not in SWITCHED_OFF):
            wrong.append(f"{line}: {answer.status} {answer.location or ''} {answer.request.path}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", Kind)
def test_what_is_forbidden_and_what_is_not_there_are_the_same_to_the_byte_and_to_the_query(
    everybody: Everybody, places: Places, undone: Undone, kind: Kind
) -> None:
    told = []
    for line, rule in lines(everybody.app):
        nowhere = places.nowhere(line)
        if kind in MAY[line] or nowhere is None:
            continue
        there, missing = (_traces(everybody, undone, kind, line, path) for path in (places.path(line, rule), nowhere))
        if there != missing:
            told.append(f"{line}: {there} is not {missing}")
    assert not told, "\n".join(told)


@pytest.mark.parametrize("kind", [Kind.OWN_GLOBAL, Kind.OWN_VIEWER, Kind.REVIEWER])
def test_anothers_document_is_not_found_under_ones_own_claim(
    everybody: Everybody, places: Places, undone: Undone, kind: Kind
) -> None:
    start = "/review" if kind is Kind.REVIEWER else "/claims"
    claim = f"{start}/{places.claims['approved'].reference}/documents"
    seen = [
        _traces(everybody, undone, kind, "GET", f"{claim}/{number}")
        for number in (places.values["others_document"], 2**63 - 1)
    ]
    assert seen[0] == seen[1]
    assert seen[0][0][0] == 404
    with undone.afresh():
        assert everybody.browser(kind).get(f"{claim}/{places.values['document_id']}").status_code == 200


@pytest.mark.parametrize("kind", [Kind.OTHER_GLOBAL, Kind.OTHER_VIEWER])
def test_no_list_of_another_partner_names_the_claim(
    everybody: Everybody, undone: Undone, places: Places, kind: Kind
) -> None:
    words = {claim.reference for claim in places.claims.values()}
    for line, rule in lines(everybody.app):
        if line.startswith("GET") and kind in MAY[line] and MAY[line] != EVERYBODY:
            with undone.afresh():
                answer = everybody.browser(kind).get(places.path(line, rule))
            text = str(cells_of(answer.data)) if answer.mimetype == spreadsheets.MEDIA_TYPE else answer.text
            assert not [each for each in words if each in text], line


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "NONSENSE"])
def test_no_other_method_does_anything(everybody: Everybody, places: Places, undone: Undone, method: str) -> None:
    for line, rule in lines(everybody.app):
        with undone.afresh():
            answer = everybody.browser(Kind.ADMINISTRATOR).open(places.path(line, rule), method=method)
        assert answer.status_code in {400, 405}, f"{line} by {method}: {answer.status}"


def test_the_marks_in_the_code_say_what_the_table_says(app: Flask) -> None:
    with app.app_context():
        marked = {line: allowed_roles(rule.endpoint) for line, rule in lines(app) if not is_open(rule.endpoint)}
    for line, roles in marked.items():
        is_for_partners = bool(MAY[line] & PARTNERS)
        assert bool(roles & PARTNER_ROLES) == is_for_partners, line
        assert (Role.REVIEWER in roles) == (Kind.REVIEWER in MAY[line]), line
        assert (Role.ADMINISTRATOR in roles) == (Kind.ADMINISTRATOR in MAY[line]), line


def _ask(browser: Browser, kind: Kind, line: str, path: str) -> TestResponse:
    """Send what a page of ours would send: for a POST, with a token of this browser's, and nothing else."""
    if not line.startswith("POST"):
        return browser.get(path)
    return browser.post(path, data={"csrf_token": _token(browser, kind)})


def _token(browser: Browser, kind: Kind) -> str:
    """Return a token from a page that everybody has: their account's, or the one to sign in."""
    return browser.csrf_token("/login" if kind in NOT_SIGNED_IN else "/account")


def _was_let_in(answer: TestResponse, line: str) -> bool:
    """Tell whether a view of ours answered, whatever it said. A token that is refused would let in all too many."""
    if answer.status_code == 404:
        return False
    to_sign_in = 300 <= answer.status_code < 400 and (answer.location or "").startswith("/login")
    return not to_sign_in or line in LEAD_TO_SIGN_IN


def _traces(everybody: Everybody, undone: Undone, kind: Kind, line: str, path: str) -> tuple[Any, ...]:
    """Return all that an answer tells: its bytes, and the queries that it took the time of."""
    with undone.afresh():
        browser = everybody.browser(kind)
        token = _token(browser, kind) if line.startswith("POST") else ""
        undone.statements.clear()
        answer = browser.post(path, data={"csrf_token": token}) if token else browser.get(path)
        status, body, headers = looks(answer)
        length = {"Content-Length"} if path in body else set()  # what was asked for is in it, whatever is there
        told = [(name, value.replace(path, "…")) for name, value in headers if name not in length]
        return (status, body.replace(path, "…"), told), list(undone.statements)
