"""Somebody who has a keyboard and no mouse."""

from pathlib import Path
from typing import Self

from playwright.sync_api import Locator, Page

MOST_STOPS = 120
"""Presses of Tab until something counts as out of reach."""


class Keyboard:
    """Reaches everything with Tab, and complains where the focus cannot be seen or does not go there."""

    def __init__(self, page: Page) -> None:
        """page: a window of its own, at any address."""
        self.page = page
        # Dialogues are caught as long as somebody listens: who begins to with the press may be too late for it.
        page.on("filechooser", lambda _dialogue: None)

    def open(self, address: str) -> Self:
        self.page.goto(address)
        return self

    def write(self, label: str, words: str, *, of: str = "") -> Self:
        """Type into the field of that label, in the form of the button `of`; of a list, the first letters choose."""
        form = self.page.locator("form", has=self.page.get_by_role("button", name=of, exact=True))
        self._reach((form if of else self.page).get_by_label(label, exact=True), label)
        self.page.keyboard.type(words)
        return self

    def tick(self, label: str) -> Self:
        """Press Space on a box or a round choice; within a group of round ones the arrows lead on."""
        choice = self.page.get_by_label(label, exact=True)
        kind, name = choice.get_attribute("type"), choice.get_attribute("name")
        self._reach(self.page.locator(f"[name='{name}']").first if kind == "radio" else choice, label)
        self.page.keyboard.press("Space")
        for _further in range(MOST_STOPS):
            if choice.is_checked():
                return self
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{label} cannot be chosen with the keys")

    def attach(self, label: str, file: Path) -> Self:
        """Open the dialogue of a file field with Space; that dialogue is the system's, not ours."""
        self._reach(self.page.get_by_label(label, exact=True), label)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Space")
        chooser.value.set_files(file)
        return self

    def press(self, words: str, role: str = "button") -> Self:
        """Press Enter on the button or link that says so."""
        self._reach(self.page.get_by_role(role, name=words, exact=True).first, words)  # type: ignore[arg-type]
        self.page.keyboard.press("Enter")
        return self

    def reads(self, words: str) -> Self:
        """Wait until the page says so."""
        self.page.locator("main", has_text=words).wait_for()
        return self

    def _reach(self, target: Locator, words: str) -> None:
        target.wait_for()
        for _stop in range(MOST_STOPS):
            if target.evaluate("element => element.matches(':focus-visible')"):
                outline = target.evaluate("element => getComputedStyle(element).outlineStyle")
                assert outline != "none", f"nobody sees that “{words}” has the focus"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"“{words}” is out of reach of the Tab key at {self.page.url}")
