"""Claims from a table: seen first, then made as drafts, all or none, and never twice."""

import io
import threading
from datetime import date
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.claims import importing, operations, warning
from cpor_web.claims.drafts import Draft
from cpor_web.models import Claim, User
from cpor_web.programme import Programme
from cpor_web.rules.statuses import Status
from cpor_web.tables import NotImported
from tests.partners.conftest import TENANT, draft_of, location_of
from tests.partners.pages import text_of
from tests.support.browser import Browser

PAGE = "/claims/import"
HEADER = (
    "Claim name;MPN ID;Customer name;Customer domain;Customer tenant ID;Solution area;Activity;Products;"
    "Customer contact name;Customer contact email;Customer contact language"
)


def row(user: User, number: int = 1, **cells: str) -> str:
    assert user.partner is not None
    said = {
        "name": f"Teams at Contoso {number}",
        "mpn_id": location_of(user.partner),
        "customer": f"Contoso {number}",
        "domain": "contoso.example.com",
        "tenant": f"{number:08}{TENANT[8:]}",
        "area": "Microsoft 365",
        "activity": "usage",
        "products": "Teams, Intune",
        "contact": "Carla Conti",
        "email": "carla@contoso.example.com",
        "language": "svenska",
    }
    return ";".join({**said, **cells}.values())


def table(*rows: str) -> bytes:
    return "\n".join((HEADER, *rows)).encode()


def look(browser: Browser, content: bytes) -> tuple[int, BeautifulSoup]:
    answer = browser.submit(PAGE, {"table": (io.BytesIO(content), "claims.csv")}, page=PAGE)
    return answer.status_code, BeautifulSoup(answer.text, "html.parser")


def go_on(browser: Browser, page: BeautifulSoup) -> Any:
    kept = page.find("input", attrs={"name": "content"})
    assert isinstance(kept, Tag)
    return browser.submit("/claims/import/drafts", {"content": kept["value"]}, page=PAGE)


def claims_in(session: Session) -> list[Claim]:
    session.rollback()
    session.expire_all()
    return list(session.scalars(select(Claim).where(Claim.deleted_at.is_(None)).order_by(Claim.id)))


@pytest.mark.parametrize("column", ["Discount %", "<h1>100%s</h1>"])
def test_a_column_that_there_is_not_is_named_as_it_was_typed(browser: Browser, column: str) -> None:
    status, page = look(browser, f"Claim name;{column};{column}\nOne;2;3\n".encode())
    assert status == 422
    assert [each.get_text() for each in page.select('td[data-label="Column"]')] == [column] * 2


def test_a_table_is_looked_at_and_then_made_into_drafts(browser: Browser, committed: Session, user: User) -> None:
    status, page = look(browser, table(row(user, 1), row(user, 2)))
    assert status == 200
    assert "2 drafts would be made" in text_of(page)
    assert claims_in(committed) == []
    assert go_on(browser, page).location == "/claims?status=editing&sort=newest", "what was done is said at the top"
    first, second = claims_in(committed)
    assert {first.status, second.status} == {Status.EDITING}
    assert user.partner is not None
    meant = draft_of(user.partner).as_fields() | {
        "name": "Teams at Contoso 1",
        "customer_name": "Contoso 1",
        "tenant_id": f"00000001{TENANT[8:]}",
        "contact_title": "",
        "contact_language": "sv",
        "products": ("intune", "teams"),
        "partner_contact_email": user.email,
    }
    assert Draft.from_claim(first).as_fields() == meant


def test_what_a_row_still_lacks_is_said_before_and_the_only_location_need_not_be_named(
    browser: Browser, committed: Session, user: User
) -> None:
    _status, page = look(browser, table(row(user, 1, mpn_id="", tenant="", email="")))
    words = "Still to be filled in before it can be submitted: Customer tenant ID, Customer contact email."
    assert words in text_of(page)
    go_on(browser, page)
    (claim,) = claims_in(committed)
    assert claim.mpn_id is not None


def dated(user: User, said: str) -> bytes:
    return f"{HEADER};Latest date in the proof\n{row(user)};{said}".encode()


@pytest.mark.parametrize("said", ["2026-04-03", "3.4.2026", "03.04.2026", "2026. 04. 03.", "2026/4/3"])
def test_a_day_can_be_written_as_spreadsheets_write_it(
    browser: Browser, committed: Session, user: User, said: str
) -> None:
    go_on(browser, look(browser, dated(user, said))[1])

    assert [claim.proof_date for claim in claims_in(committed)] == [date(2026, 4, 3)]


@pytest.mark.parametrize("said", ["3/4/2026", "04/30/2026", "3-4-2026", "31.2.2026", "3.4.26", "3.4.", "٣.٤.٢٠٢٦"])
def test_a_day_that_can_be_another_one_or_none_is_told(browser: Browser, user: User, said: str) -> None:
    status, page = look(browser, dated(user, said))

    assert status == 422
    assert "Enter the day as year, month and day, such as 2026-04-30." in text_of(page)
    assert "format the column as text" in text_of(page)


def test_an_error_is_told_at_its_row_and_column_and_nothing_is_imported(
    browser: Browser, committed: Session, user: User
) -> None:
    wrong = row(user, 2, tenant="not-a-guid", products="Teams, Solitaire")
    status, page = look(browser, table(row(user, 1), wrong))
    assert status == 422
    rows = page.select("#problems ~ .table-wrap tbody tr")
    told = {(each.th.get_text(), each.td.get_text()) for each in rows if each.th and each.td}
    assert told == {("3", "Customer tenant ID"), ("3", "Products")}
    assert page.find("input", attrs={"name": "content"}) is None
    assert claims_in(committed) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Choose a table that has something in it."),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\xff\xfe", "This file is not text in UTF-8."),
        (b"Colour,Taste\nred,sweet\n", "The first row names no column of a claim."),
    ],
)
def test_a_file_that_is_no_table_is_an_error_of_the_field_as_any_other(
    browser: Browser, committed: Session, content: bytes, words: str
) -> None:
    status, page = look(browser, content)
    assert status == 422
    for at in ("#error-summary", "#table-error"):
        assert words in page.select_one(at).get_text(), at
    assert page.find(id="problems") is None
    assert claims_in(committed) == []


def test_the_same_table_twice_makes_nothing_again_and_a_longer_one_only_what_is_new(
    browser: Browser, committed: Session, user: User
) -> None:
    go_on(browser, look(browser, table(row(user, 1), row(user, 1)))[1])
    [claim] = claims_in(committed)
    _, page = look(browser, table(row(user, 1)))
    assert f"It was imported before: {claim.reference}" in text_of(page)
    assert "Every row of this table was imported before" in text_of(page)
    go_on(browser, page)
    assert len(claims_in(committed)) == 1
    go_on(browser, look(browser, table(row(user, 1), row(user, 2)))[1])
    assert [each.name for each in claims_in(committed)] == ["Teams at Contoso 1", "Teams at Contoso 2"]


def test_a_draft_that_was_deleted_can_be_imported_again(
    browser: Browser, committed: Session, user: User, programme: Programme
) -> None:
    content = table(row(user, 1))
    go_on(browser, look(browser, content)[1])
    [claim] = claims_in(committed)
    operations.delete_draft(committed, claim, actor=user.actor, now=clock.utcnow(), programme=programme)
    committed.commit()
    go_on(browser, look(browser, content)[1])
    assert len(claims_in(committed)) == 1


def test_what_was_claimed_already_is_said_before_it_is_imported(browser: Browser, user: User) -> None:
    go_on(browser, look(browser, table(row(user, 1)))[1])
    _, page = look(browser, table(row(user, 1, name="Another name")))
    assert "You have claimed the same for this tenant already" in text_of(page)


def test_rows_of_one_table_that_claim_the_same_are_told_of_each_other(browser: Browser, user: User) -> None:
    tenant = f"00000001{TENANT[8:]}"
    rows = [
        row(user, 1),
        row(user, 2, tenant=tenant.upper(), products="Intune", name="The same once more"),
        row(
            user,
            3,
            tenant=tenant,
            products="Exchange Online",
            domain="fabrikam.example.net",
            email="eva@fabrikam.example.net",
        ),
        row(user, 4, domain="litware.example.com", email="lin@litware.example.com"),
        row(user, 1),
    ]
    _, page = look(browser, table(*rows))
    told = [each.get_text(" ", strip=True) for each in page.select("main tbody tr")]
    same, other = "Other rows of this table claim the same:", "name this tenant with another domain:"
    assert f"{same} 3." in told[0]
    assert f"{other} 4." in told[0]
    assert f"{same} 2." in told[1]
    assert same not in told[2]
    assert f"{other} 2, 3." in told[2]
    assert "Other rows" not in told[3]
    assert "The same as row 2: nothing." in told[4]


def test_rows_that_name_one_domain_with_two_tenants_are_told_of_each_other(browser: Browser, user: User) -> None:
    apart = row(user, 3, domain="litware.example.com", email="lin@litware.example.com")
    _, page = look(browser, table(row(user, 1), row(user, 2), apart))
    told = [each.get_text(" ", strip=True) for each in page.select("main tbody tr")]
    sentence = "Customer tenant ID: Other rows of this table name this domain with another tenant:"
    assert [f"{sentence} {other}." in line for other, line in zip((3, 2, 2), told, strict=True)] == [
        True,
        True,
        False,
    ]


def test_a_row_whose_domain_another_claim_names_with_another_tenant_is_told_of_that_claim(
    browser: Browser, committed: Session, user: User
) -> None:
    go_on(browser, look(browser, table(row(user, 1)))[1])
    [claim] = claims_in(committed)
    _, page = look(browser, table(row(user, 2)))
    words = f"Another claim of yours, {claim.reference}, names contoso.example.com with the tenant {claim.tenant_id}."
    assert words in " ".join(page.get_text().split())
    assert page.find("a", string=claim.reference)["href"] == f"/claims/{claim.reference}"


def test_rows_with_one_subscription_claim_the_same_whatever_their_tenants() -> None:
    subscription = "0f8fad5b-d9cb-469f-a165-70867728950e"
    drafts = [Draft(subscription_id=each) for each in (subscription, subscription.upper(), TENANT, "")]
    found = warning.among(dict(enumerate(drafts, start=2)))
    assert [[each.values["rows"] for each in found[number]] for number in range(2, 6)] == [[("3",)], [("2",)], [], []]


def test_of_many_rows_that_claim_the_same_only_the_first_are_told() -> None:
    found = warning.among(dict.fromkeys(range(2, 32), Draft(tenant_id=TENANT, products=("teams",))))
    assert [each.values["rows"] for each in found[2]] == [(*map(str, range(3, 13)), "…")]


def test_of_each_of_many_tenants_the_claims_are_looked_at(
    committed: Session, user: User, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert user.partner is not None
    monkeypatch.setattr(warning, "MOST", 4)
    monkeypatch.setattr(warning, "MOST_EACH", 2)
    content = table(*(row(user, number, name=f"Copy {copy}") for number in (1, 2, 3) for copy in range(4)))
    how: dict[str, Any] = {"actor": user.actor, "now": clock.utcnow(), "programme": programme}
    made = importing.make(committed, content, importing.COLUMNS, standard=Draft(), **how)
    tenants = {claim.tenant_id for claim in made if claim.tenant_id}
    found = warning.others_of(committed, user.partner, map(Draft.from_claim, made))
    newest = [[claim.name for claim in found[tenant]] for tenant in tenants]
    assert newest == [["Copy 3", "Copy 2"]] * 3


def test_content_that_was_tampered_with_is_refused(browser: Browser, committed: Session) -> None:
    for content in ("Å", "abc", "gA==", ""):
        answer = browser.submit("/claims/import/drafts", {"content": content}, page=PAGE)
        assert answer.status_code == 422, content
    assert claims_in(committed) == []


def test_the_template_has_the_columns_and_no_claims(browser: Browser) -> None:
    status, page = look(browser, browser.get("/claims/import/template.csv").data)
    assert status == 422
    assert "There are no claims in this table." in text_of(page)


def test_two_imports_of_the_same_table_at_once_make_its_claims_once(
    committed: Session, engine: Engine, app: Flask, user: User, programme: Programme
) -> None:
    content, made, ready = table(*(row(user, number) for number in range(5))), [], threading.Barrier(2)

    def run() -> None:
        with Session(engine) as session:
            ready.wait()
            made.append(
                importing.make(
                    session,
                    content,
                    importing.COLUMNS,
                    standard=Draft(),
                    actor=user.actor,
                    now=clock.utcnow(),
                    programme=programme,
                )
            )
            session.commit()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, made)) == [0, 5]
    assert len(claims_in(committed)) == 5


def test_a_row_that_fails_leaves_none_behind(committed: Session, user: User, programme: Programme) -> None:
    how = {"standard": Draft(), "actor": user.actor, "now": clock.utcnow(), "programme": programme}
    with pytest.raises(NotImported) as refused:
        importing.make(committed, table(row(user, 1), row(user, 2, area="Gardening")), importing.COLUMNS, **how)
    assert {each.row for each in refused.value.problems} == {3}
    assert claims_in(committed) == []
