"""Words are read as they are written: one is broken only where no line has room for it."""

from typing import Any

import pytest
from playwright.sync_api import Page

from cpor_web.claims import operations
from cpor_web.rules.roles import Role
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import DESK, PHONE, TABLET
from tests.support import claims, factories
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser

LONG = "Kundenverwaltung und Prozessautomation für Einkauf, Lager und Vertrieb in Nordwesteuropa und Skandinavien"
ENDLESS = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
BROKEN = """([within, named]) => {
    const broken = [];
    const one = Array.from(document.querySelectorAll(within)).find((each) => each.innerText.includes(named));
    const nodes = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) {
        const { currentNode: node } = nodes;
        for (const { 0: word, index } of node.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + word.length);
            const lines = new Set(Array.from(range.getClientRects(), (part) => Math.round(part.top)));
            if (lines.size > 1) broken.push(word);
        }
    }
    return broken;
}"""


def test_a_long_name_is_read_in_whole_words_and_leaves_the_history_at_the_upper_right(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        ines, rosa = factories.user(session), factories.user(session, Role.REVIEWER)
        about = {"now": installation.now(), "filer": ines, "reviewer": rosa, "name": LONG}
        claim = claims.under_review(session, installation.programme, **about)
        reference = claim.reference
    for email, path in ((ines.email, f"/claims/{reference}"), (rosa.email, f"/review/{reference}")):
        page = visitor(rules=False).sign_in(email, PASSWORD).open(path).page
        for size in (PHONE, TABLET, DESK):
            assert not _broken(page, "h1", size), path
        assert _top(page, "h1") == pytest.approx(_top(page, ".page-head .btn"), abs=8), path


def test_a_word_that_no_line_has_room_for_is_broken_and_makes_no_page_wider(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        ines = factories.user(session)
        about = {"now": installation.now(), "filer": ines, "name": ENDLESS}
        reference = claims.submitted(session, installation.programme, **about).reference
    page = visitor(rules=False).sign_in(ines.email, PASSWORD).open(f"/claims/{reference}").page
    assert _broken(page, "h1", PHONE) == [ENDLESS]


@pytest.mark.parametrize("size", [TABLET, DESK], ids=["tablet", "desk"])
def test_addresses_in_lists_are_broken_at_their_signs(
    installation: Installation, visitor: NewVisitor, size: Any
) -> None:
    with installation.session() as session:
        gita, rosa = factories.user(session, Role.GLOBAL_ADMIN), factories.user(session, Role.REVIEWER)
        contact = "wilhelmina.vandenberg@humongous.example.com"
        about = {"now": installation.now(), "filer": gita, "partner_contact_email": contact}
        claim = claims.submitted(session, installation.programme, **about)
        reference = claim.reference
    lists = {
        gita.email: {"/team": gita.email, f"/claims/{reference}": contact},
        rosa.email: {f"/review/{reference}": contact},
    }
    for email, addresses in lists.items():
        somebody = visitor(rules=False).sign_in(email, PASSWORD)
        for path, address in addresses.items():
            assert not _broken(somebody.open(path).page, ".table tbody tr", size, named=address), path


def test_a_long_name_leaves_room_to_choose_a_document_in_a_list_of_drafts(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        ines = factories.user(session)
        about = {"actor": ines.actor, "now": installation.now(), "programme": installation.programme}
        operations.create(session, claims.draft_of(ines, name=ENDLESS), **about)
    page = visitor(rules=False).sign_in(ines.email, PASSWORD).open("/claims/submit").page
    for size in (DESK, TABLET, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        box = page.locator("input[type=file]").bounding_box()
        assert box
        assert box["width"] >= 224, size


def test_sentences_of_a_claims_card_stand_apart(installation: Installation, visitor: NewVisitor) -> None:
    with installation.session() as session:
        ines = factories.user(session)
        claims.partner_action_required(session, installation.programme, now=installation.now(), filer=ines)
    page = visitor(rules=False).sign_in(ines.email, PASSWORD).open("/claims").page
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert "rejected. The reviewer asks for" in page.locator(".table--claims").inner_text()


def _broken(page: Page, within: str, size: Any, *, named: str = "") -> list[str]:
    """Return the words that stand on several lines, in a window of that size, of such a part with that name."""
    page.set_viewport_size(size)
    broken: list[str] = page.evaluate(BROKEN, [within, named])
    return broken


def _top(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["y"]
