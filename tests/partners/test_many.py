"""Forty claims at the month's end: filters under names, and several drafts submitted at once."""

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from cpor_web.claims import operations, readiness
from cpor_web.claims.drafts import ContactDraft
from cpor_web.lists import saved_filters
from cpor_web.models import Claim, SavedFilter, User
from cpor_web.partners import submitting
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from cpor_web.transactions import InDoubt
from tests.partners.conftest import Desk
from tests.partners.pages import a_file, address, messages, text_of
from tests.support import factories
from tests.support.browser import Browser

SUBMIT = "/claims/submit"


def saved_in(session: Session) -> list[SavedFilter]:
    session.rollback()
    session.expire_all()
    return list(session.scalars(select(SavedFilter).order_by(SavedFilter.id)))


def customer(number: int) -> dict[str, Any]:
    """Return the fields that are one customer's and no other's."""
    domain = f"contoso{number}.example.com"
    contact = ContactDraft(name="Carla Conti", email=f"carla@{domain}")
    return {"tenant_id": f"{number:08}-2222-4333-8444-555555555555", "customer_domain": domain, "contact": contact}


def boxes(page: BeautifulSoup) -> dict[str, str]:
    """Return the values of the boxes that can be ticked, by the claim's name."""
    labels = {str(each["for"]): each.get_text() for each in page("label", class_="form-check-label")}
    return {labels[str(box["id"])]: str(box["value"]) for box in page("input", attrs={"name": "claim"})}


def three_ready(desk: Desk) -> list[Claim]:
    drafts = [desk.claim(name=f"Claim {number}", **customer(number)) for number in range(3)]
    for each in drafts:
        desk.upload(each)
    return drafts


def failing_at(monkeypatch: pytest.MonkeyPatch, draft: Claim, error: Exception) -> None:
    """Have the database fail when this draft is submitted."""
    submit, reference = operations.submit, draft.reference

    def do(session: Session, claim: Claim, **how: Any) -> None:
        submit(session, claim, **how)
        if claim.reference == reference:
            raise error

    monkeypatch.setattr(operations, "submit", do)


def told_in(page: BeautifulSoup) -> list[tuple[Tag, str]]:
    """Return the results on a page, each with its words."""
    return [(each, " ".join(each.get_text(" ").split())) for each in page.select("#results ~ ul li")]


def test_a_filter_is_kept_under_its_name_and_leads_back_to_what_it_lists(
    browser: Browser, desk: Desk, committed: Session
) -> None:
    desk.claim(name="Found")
    desk.claim(Status.SUBMITTED, name="Found too late")
    address = "/claims?status=editing&search=found"
    form = browser.page(address).find("form", class_="saved-filters__new")
    assert isinstance(form, Tag)
    answer = browser.submit(str(form["action"]), {"name": " My  drafts "}, page=address, follow_redirects=True)
    assert "The filter “My drafts” was saved." in messages(answer.text)
    link = browser.page("/claims").find("a", string="My drafts")
    assert isinstance(link, Tag)
    page = browser.page(str(link["href"]))
    table = page.find("table")
    assert isinstance(table, Tag)
    assert [each.get_text() for each in table("a")] == ["Found"]
    browser.submit("/claims/filters?search=other", {"name": "MY DRAFTS"}, page="/claims")
    [saved] = saved_in(committed)
    assert (saved.name, saved.wanted) == ("MY DRAFTS", {"search": "other"})


def test_a_name_is_needed_and_there_is_a_bound(browser: Browser, committed: Session) -> None:
    for name, words in (("", "Give the filter a name"), ("x" * 61, "at most 60"), ("a\u202eb", "letters, digits")):
        answer = browser.submit("/claims/filters?search=x", {"name": name}, page="/claims", follow_redirects=True)
        assert words in messages(answer.text)
    for number in range(saved_filters.MOST + 1):
        browser.submit("/claims/filters?search=x", {"name": f"Filter {number}"}, page="/claims")
    assert len(saved_in(committed)) == saved_filters.MOST


def test_a_name_that_the_database_takes_for_another_is_the_same(browser: Browser, committed: Session) -> None:
    for name in ("ΟΔΟΣ", "οδοσ", "İ", "i"):  # of which Python says otherwise
        answer = browser.submit("/claims/filters?search=x", {"name": name}, page="/claims", follow_redirects=True)
        assert f"The filter “{name}” was saved." in messages(answer.text)
    assert len(saved_in(committed)) < 4


def test_what_is_searched_for_is_kept_on_one_line_that_the_database_takes(
    browser: Browser, committed: Session
) -> None:
    browser.submit("/claims/filters?search=a%00b%0d%0ac", {"name": "<b>x</b>"}, page="/claims")
    [saved] = saved_in(committed)
    assert saved.wanted == {"search": "ab c"}
    assert "<b>" not in str(browser.page("/claims").main)


def test_a_filter_is_its_users_alone(
    client: Browser, sign_in: Callable[..., Browser], committed: Session, user: User
) -> None:
    assert user.partner is not None
    colleague = factories.user(committed, Role.VIEWER, partner=user.partner)
    committed.add(SavedFilter(user_id=colleague.id, name="Theirs", wanted={"search": "x"}))
    committed.commit()
    [theirs] = saved_in(committed)
    browser = sign_in(client, user)
    assert "Theirs" not in text_of(browser.page("/claims"))
    browser.submit(f"/claims/filters/{theirs.id}/remove", page="/claims?search=x")
    assert len(saved_in(committed)) == 1
    browser = sign_in(client.application.test_client(), colleague)
    browser.submit(f"/claims/filters/{theirs.id}/remove", page="/claims?search=x")
    assert saved_in(committed) == []


def test_several_drafts_are_submitted_each_with_its_own_result(browser: Browser, desk: Desk) -> None:
    first, second, third = (desk.claim(name=f"Claim {number}", **customer(number)) for number in range(3))
    for claim in (first, second):
        desk.upload(claim)
    page = browser.page(SUBMIT)
    assert set(boxes(page)) == {"Claim 0", "Claim 1"}
    lacks = page.find(id=f"draft-{third.reference}").find("td", attrs={"data-label": "Missing or wrong"})
    assert [(a.get_text(), a["href"]) for a in lacks("a")] == [("Proof of execution", address(third) + "#proof")]
    chosen = [*boxes(page).values(), f"{third.reference} 1", "K7QM-2XRD 1"]
    desk.upload(second)  # meanwhile
    answer = browser.submit(SUBMIT, {"claim": chosen}, page=SUBMIT)
    page = BeautifulSoup(answer.text, "html.parser")
    results = page.select("#results ~ ul li")
    told = {each.get_text(" ", strip=True).partition(" : ")[0]: each.get_text(" ", strip=True) for each in results}
    assert len(told) == 4
    assert "Submitted." in told[f"Claim 0 {first.reference}"]
    for other in (second, third):
        assert "Not submitted." in told[f"{other.name} {other.reference}"]
    assert [desk.now_of(each).status for each in (first, second, third)] == [
        Status.SUBMITTED,
        Status.EDITING,
        Status.EDITING,
    ]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OperationalError("COMMIT", {}, Exception()), "Not submitted. Something went wrong on our side."),
        (InDoubt("the connection was lost over a commit"), "It is not certain whether this was recorded."),
    ],
)
def test_where_the_database_goes_in_the_midst_what_was_submitted_is_said_and_the_rest_is_not_tried(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    drafts = three_ready(desk)
    chosen = {"claim": [f"{each.reference} {each.version}" for each in drafts]}
    failing_at(monkeypatch, drafts[1], error)
    page = BeautifulSoup(browser.submit(SUBMIT, chosen, page=SUBMIT).text, "html.parser")
    results = {each.find(class_="reference").get_text(): text for each, text in told_in(page)}
    assert results.keys() == {drafts[0].reference, drafts[1].reference}
    assert results[drafts[0].reference].endswith("Submitted.")
    assert told in results[drafts[1].reference]
    assert ("Not submitted" in results[drafts[1].reference]) == ("Not submitted" in told)
    assert "1 draft was submitted." in text_of(page)
    assert "1 more was not tried." in text_of(page)
    statuses = [desk.now_of(each).status for each in drafts]
    assert statuses == [Status.SUBMITTED, Status.EDITING, Status.EDITING]


def test_where_the_page_that_tells_of_it_fails_nobody_reads_that_nothing_was_changed(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = three_ready(desk)[0]
    sent = {"claim": f"{draft.reference} {draft.version}", "csrf_token": browser.csrf_token(SUBMIT)}

    def away(*_what: object, **_how: object) -> None:
        raise OperationalError("SELECT", {}, Exception())

    monkeypatch.setattr(readiness, "of", away)
    submitted = browser.post(SUBMIT, data=sent)
    assert submitted.status_code == 503
    assert "It is not certain whether what you sent was recorded." in submitted.text
    refused = browser.post(SUBMIT, data=sent)
    assert refused.status_code == 503
    assert "Nothing was changed." in refused.text


def test_what_is_warned_of_there_is_gone_past_and_nothing_chosen_is_told(browser: Browser, desk: Desk) -> None:
    desk.claim(Status.SUBMITTED)
    draft = desk.claim(name="The same again")
    desk.upload(draft)
    page = browser.page(SUBMIT)
    assert "You have claimed the same for this tenant already" in text_of(page)
    assert browser.submit(SUBMIT, {}, page=SUBMIT).status_code == 422
    chosen = {"claim": list(boxes(page).values())}
    browser.submit(SUBMIT, chosen, page=SUBMIT)
    assert desk.now_of(draft).status is Status.EDITING  # nobody has read the warning
    past = f"past-{draft.reference}"
    marks = [str(each["value"]) for each in page("input", attrs={"name": past})]
    browser.submit(SUBMIT, {**chosen, past: marks}, page=SUBMIT)
    assert desk.now_of(draft).status is Status.SUBMITTED


def test_a_domain_known_with_another_tenant_is_warned_of_with_a_link_to_the_claim_that_names_it(
    browser: Browser, desk: Desk
) -> None:
    known = desk.claim(Status.SUBMITTED)
    draft = desk.claim(name="Mistyped", tenant_id="00000001-2222-4333-8444-555555555555")
    desk.upload(draft)
    row = browser.page(SUBMIT).find(id=f"draft-{draft.reference}")
    words = f"Another claim of yours, {known.reference}, names contoso.example.com with the tenant {known.tenant_id}."
    assert words in " ".join(row.get_text().split())
    assert row.find("a", string=known.reference)["href"] == address(known)


def test_another_partners_draft_does_not_exist(browser: Browser, desk: Desk, committed: Session) -> None:
    stranger = factories.user(committed)
    committed.commit()
    claim = desk.claim(user=stranger)
    answer = browser.submit(SUBMIT, {"claim": [f"{claim.reference} 1"]}, page=SUBMIT)
    assert "There is no such claim." in answer.text
    assert desk.now_of(claim).status is Status.EDITING


def test_those_that_are_ready_come_first_and_the_others_say_what_is_missing_and_where_it_is_mended(
    browser: Browser, desk: Desk
) -> None:
    ready = desk.claim(name="Ready", tenant_id="00000001-2222-4333-8444-555555555555")
    desk.upload(ready)
    bare = desk.claim(name="Bare", tenant_id="", activity="")
    desk.upload(bare)
    page = browser.page(SUBMIT)
    names = [row.th.find(["label", "a"]).get_text() for row in page.main("tr") if row.get("id")]
    assert names == ["Ready", "Bare"]
    links = {a.get_text(): a["href"] for a in page.find(id=f"draft-{bare.reference}")("a")}
    assert links["Customer tenant ID"] == address(bare, "edit") + "#tenant_id"
    assert links["Activity"] == address(bare, "edit") + "#activity"
    assert links["Check your proof: Bare"] == address(bare, "proof-check")
    assert "The check of the proof is not filled in." in text_of(page)
    said = browser.page(address(ready, "proof-check")).main.form
    document, seen = said("option")[1]["value"], said.find("input", attrs={"name": "seen"})["value"]
    named = [each["name"] for each in said("select") if each["name"].endswith("-teams-document")]
    cells = {**dict.fromkeys(named, document), "seen": seen}
    browser.submit(str(said["action"]), cells, page=address(ready, "proof-check"))
    gaps = page_row(browser, ready)
    assert "Not said yet where in the proof: Proof that is about this claim (Intune); " in gaps
    assert "The product by its name (Intune)." in gaps


def page_row(browser: Browser, claim: Claim) -> str:
    return " ".join(browser.page(SUBMIT).find(id=f"draft-{claim.reference}").get_text(" ").split())


def test_all_that_are_ready_are_submitted_with_one_press_and_a_look_at_them(browser: Browser, desk: Desk) -> None:
    ready = [desk.claim(name=f"Ready {n}", **customer(n)) for n in range(3)]
    for claim in ready:
        desk.upload(claim)
    unready = desk.claim(name="Bare")
    link = browser.page(SUBMIT).find("a", string="Submit all that are ready (3)")
    page = browser.page(str(link["href"]))
    assert "Bare" not in text_of(page)
    ticked = {str(box["value"]): box.has_attr("checked") for box in page("input", attrs={"name": "claim"})}
    assert list(ticked.values()) == [True] * 3
    answer = browser.submit(SUBMIT, {"claim": list(ticked)}, page=str(link["href"]))
    assert "3 drafts were submitted." in answer.text
    assert {desk.now_of(each).status for each in ready} == {Status.SUBMITTED}
    assert desk.now_of(unready).status is Status.EDITING
    assert "No draft is ready any more." in text_of(browser.page(str(link["href"])))


def test_where_there_are_more_drafts_than_a_page_takes_all_are_those_of_the_page_and_it_says_so(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "There are more drafts than one page takes"
    for claim in [desk.claim(name=f"Ready {n}", **customer(n)) for n in range(3)]:
        desk.upload(claim)
    assert said not in text_of(browser.page(SUBMIT))
    monkeypatch.setattr(submitting, "AT_ONCE", 2)
    first = browser.page(SUBMIT)
    assert first.find("a", string="Submit all that are ready (2)")
    last = browser.page(str(first.find("a", rel="next")["href"]))
    assert all(said in text_of(page) for page in (first, last))


def test_proof_is_handed_in_on_the_list_itself_and_a_refusal_names_its_claim(browser: Browser, desk: Desk) -> None:
    draft = desk.claim(name="Bare")
    form = browser.page(SUBMIT).find("form", class_="upload-here")
    for sent, told in (
        (a_file("x.exe"), "Bare: Files of this type are not taken."),
        (a_file(), "uploaded to “Bare”"),
    ):
        data = {"document": sent, "then": "submit"}
        answer = browser.submit(str(form["action"]), data, page=SUBMIT, follow_redirects=True)
        assert told in messages(answer.text)
        assert "Submit several drafts" in answer.text
    assert set(boxes(browser.page(SUBMIT))) == {"Bare"}
    assert len(desk.documents_of(draft)) == 1


def test_a_draft_that_was_submitted_meanwhile_has_not_failed(browser: Browser, desk: Desk) -> None:
    first, second, third = three_ready(desk)
    chosen = list(boxes(browser.page(SUBMIT)).values())
    browser.submit(SUBMIT, {"claim": f"{second.reference} {second.version}"}, page=SUBMIT)  # in another tab
    desk.upload(third)
    page = BeautifulSoup(browser.submit(SUBMIT, {"claim": chosen}, page="/claims").text, "html.parser")
    told = {each.find(class_="reference").get_text(): words for each, words in told_in(page)}
    assert told[second.reference].endswith(f"{second.reference} : It was submitted already.")
    assert "Not submitted. The claim has changed" in told[third.reference]
    assert "1 draft was submitted. 1 was not, and says why." in text_of(page)
    assert desk.now_of(first).status is Status.SUBMITTED
