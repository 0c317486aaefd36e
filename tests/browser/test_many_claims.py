"""The fortieth similar claim, in a browser: what it takes is counted, and docs/walkthroughs.md says so."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import SLOWEST
from tests.support import factories
from tests.support.cast import PROOF
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser

TOLD = Path(__file__).parents[2] / "docs" / "walkthroughs.md"
SHOTS = os.environ.get("CPOR_TEST_SHOTS", "")
"""A folder, where somebody wants to look at the pages."""

NEW = {
    "Claim name": "Teams at Litware",
    "Customer name": "Litware",
    "Customer domain": "litware.example.com",
    "Customer tenant ID": "1f8fad5b-d9cb-469f-a165-70867728950e",
    "Customer contact name": "Lena Lind",
    "Customer contact email": "lena@litware.example.com",
}
OTHER = {
    "Claim name": "Teams at Adatum",
    "Customer name": "Adatum",
    "Customer domain": "adatum.example.com",
    "Customer tenant ID": "2f8fad5b-d9cb-469f-a165-70867728950e",
    "Customer contact name": "Anna Alm",
    "Customer contact email": "anna@adatum.example.com",
}


@dataclass
class Hand:
    """Does what a person does, and counts it: a list takes two clicks, a document three, a text one and its keys."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def write(self, texts: dict[str, str]) -> None:
        for label, text in texts.items():
            self.page.get_by_label(label, exact=True).fill(text)
            self.clicks, self.keys = self.clicks + 1, self.keys + len(text)

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_label(label, exact=True).select_option(label=option)
        self.clicks += 2

    def tick(self, label: str) -> None:
        self.page.get_by_label(label, exact=True).check()
        self.clicks += 1

    def press(self, name: str, kind: str = "button") -> None:
        self.page.get_by_role(kind, name=name, exact=True).first.click()  # type: ignore[arg-type]
        self.clicks += 1

    def attach(self, label: str, path: Path) -> None:
        self.page.get_by_label(label, exact=True).set_input_files(path)
        self.clicks += 3

    def reads(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for()

    def counted(self) -> tuple[int, int]:
        """Return clicks and keys since the last time."""
        counted, self.clicks, self.keys = (self.clicks, self.keys), 0, 0
        return counted


def look(page: Page, name: str) -> None:
    for width in (390, 1440) if SHOTS else ():
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)


def check_export(page: Page) -> None:
    """A table is saved as the browser itself would save it, and the page tells how many rows it has."""
    page.goto("/claims?status=editing", wait_until="networkidle")  # what counts the rows has come
    for name, path in (("Export", "claims.csv"), ("Export as XLSX", "claims.xlsx")):
        with page.expect_download() as saving:
            page.get_by_role("link", name=name, exact=True).click()
        page.get_by_text("The export is complete: 2 rows.").first.wait_for()
        assert saving.value.suggested_filename == path
        assert saving.value.path().read_bytes() == page.request.get(f"/{path}?status=editing").body()


def test_the_fortieth_similar_claim_takes_what_the_walkthrough_says(
    installation: Installation, browser: Browser, tmp_path: Path
) -> None:
    with installation.session() as session:
        ines = factories.user(session)
    proof = tmp_path / PROOF.name
    proof.write_bytes(PROOF.content)
    context = browser.new_context(base_url=installation.url, reduced_motion="reduce")
    context.set_default_timeout(SLOWEST)
    hand = Hand(context.new_page())
    hand.page.goto("/login")
    hand.write({"Email": ines.email, "Password": PASSWORD})
    hand.press("Sign in")
    hand.reads("Customer associations")
    hand.counted()

    hand.press("Add customer", "link")
    hand.write(NEW)
    hand.choose("Solution area", "Microsoft 365")
    hand.choose("Activity", "Usage")
    hand.tick("Teams")
    hand.press("Save")
    hand.reads("Before this can be submitted")
    hand.attach("Document", proof)
    hand.press("Upload")
    hand.reads("The document was uploaded")
    anew = hand.counted()

    hand.press("New claim from this one")
    hand.reads("Nothing is saved before you press Save")
    look(hand.page, "begun")
    hand.write(OTHER)
    hand.press("Save")
    hand.reads("Before this can be submitted")
    hand.attach("Document", proof)
    hand.press("Upload")
    hand.reads("The document was uploaded")
    copied = hand.counted()

    table = tmp_path / "claims.csv"
    table.write_text("Claim name;Customer name\nTeams at Contoso;Contoso\nTeams at Fourth;Fourth\n", encoding="utf-8")
    hand.page.goto("/claims")
    hand.press("Import", "link")
    look(hand.page, "import")
    hand.attach("Table", table)
    hand.press("Look at it first")
    hand.reads("2 drafts would be made")
    look(hand.page, "look")
    hand.press("Import 2 drafts")
    hand.reads("2 drafts were imported")
    look(hand.page, "dashboard")
    imported = hand.counted()

    hand.page.goto("/claims/submit")
    hand.reads("Ready to submit (2)")
    hand.counted()
    hand.attach("Document – Teams at Contoso", proof)
    hand.press("Upload – Teams at Contoso")
    hand.reads("The document was uploaded to “Teams at Contoso”")
    look(hand.page, "list")
    proven = hand.counted()
    hand.page.goto("/claims")
    hand.press("Submit several at once", "link")
    hand.press("Submit all that are ready (2)", "link")
    hand.reads("These 2 drafts are ready")
    look(hand.page, "ready")
    hand.press("Submit the chosen drafts")
    hand.reads("2 drafts were submitted.")
    look(hand.page, "submitted")
    submitted = hand.counted()
    check_export(hand.page)
    context.close()

    told = TOLD.read_text(encoding="utf-8")
    for words, (clicks, keys) in (
        ("From an empty form", anew),
        ("With *New claim from this one*", copied),
        ("By import, all rows of a table together", imported),
        ("… and its proof, on the list of drafts", proven),
        ("Submitting all that are ready together", submitted),
    ):
        assert f"| {words} | {clicks} | {keys} |" in told, (words, clicks, keys)
