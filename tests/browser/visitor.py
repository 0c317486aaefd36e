"""Somebody in front of a real browser."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request

PHONE, TABLET, DESK = {"width": 390, "height": 844}, {"width": 768, "height": 1024}, {"width": 1440, "height": 900}
OF_THE_BROWSER = ("chrome://resources/", "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/")
"""Where Chromium keeps its own viewer of PDF files."""

WINDOWS = ((PHONE, "dark"), (DESK, "light"))
"""A phone at night and a desk by day."""

CHOICES = {"MPN ID", "Solution area", "Activity", "Reason"}
ELSEWHERE = re.compile(
    r"/documents/\d+(/shown)?$|/export|\.(csv|json|ics|xlsx)(\?|$)|/[A-Z0-9-]{9}/consent-record$|/keys$|/preview/"
)
"""Files to be saved, and the previews, of which there are dozens."""
REFERENCE = re.compile(r"/[A-Z0-9]{4}-[A-Z0-9]{4}\b|/\d+\b")


class Visitor:
    """Looks at every page in its windows; console errors, broken rules and foreign requests are complaints."""

    def __init__(
        self, context: BrowserContext, home: str, *, windows: Sequence[tuple[Any, Any]] = WINDOWS, rules: bool = True
    ) -> None:
        """windows: sizes and colour schemes. rules: False where axe is not to look, which can run no scripts, say."""
        self.context = context
        self._windows = windows
        self._rules = rules
        self.home = home
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self._axe = Axe()
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("request", self._watch)

    def open(self, address: str) -> Self:
        """Open a page and look at it."""
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.status == 200, f"{address}: {answer.status}"
        return self.look()

    def sign_in(self, email: str, password: str) -> Self:
        return self.open("/login").fill({"Email": email, "Password": password}).press("Sign in")

    def fill(self, fields: dict[str, str], form: Locator | None = None) -> Self:
        """Fill fields of a form, or of the page, by their labels; a choice by the words of what is chosen."""
        for label, words in fields.items():
            field = (form or self.page).get_by_label(label, exact=True)
            if label in CHOICES:
                field.select_option(label=words)
            else:
                field.fill(words)
        return self

    def tick(self, *labels: str) -> Self:
        """Tick boxes, or choose among round ones."""
        for label in labels:
            self.page.get_by_label(label, exact=True).check()
        return self

    def attach(self, label: str, file: Path) -> Self:
        self.page.get_by_label(label, exact=True).set_input_files(file)
        return self

    def press(self, words: str, fields: dict[str, str] | None = None) -> Self:
        """Fill fields of a button's own form, press the button and look at the page that comes."""
        button = self.page.get_by_role("button", name=words, exact=True)
        self.fill(fields or {}, self.page.locator("form", has=button))
        with self.page.expect_navigation():
            button.click()
        return self.look()

    def follow(self, words: str) -> Self:
        """Follow a link and look at the page that comes."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=words, exact=True).click()
        return self.look()

    def look(self) -> Self:
        """Complain of what axe finds, and of a page that is wider than its window."""
        for size, scheme in self._windows:
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme=scheme)
            where = f"{self.page.url} ({size['width']} px, {scheme})"
            if self._rules and (found := self._axe.run(self.page)).violations_count:
                self.complaints.append(f"{where}: {found.generate_report()}")
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            if (excess := self.page.evaluate(wide)) > 0:
                self.complaints.append(f"{where}: {excess} px wider than the window")
        return self

    def walk(self, start: str, *, most: int) -> list[str]:
        """Look at every kind of page that can be reached by links, and return their addresses."""
        waiting, kinds, seen = [start], set[str](), list[str]()
        while waiting and len(seen) < most:
            path = waiting.pop(0)
            if (kind := REFERENCE.sub("/…", path)) in kinds:
                continue
            kinds.add(kind)
            self.open(path)
            seen.append(path)
            links = self.page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
            waiting += [
                urlsplit(link).path for link in links if link.startswith(self.home) and not ELSEWHERE.search(link)
            ]
        return seen

    @property
    def words(self) -> str:
        return self.page.inner_text("main")

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", *OF_THE_BROWSER)):
            self.complaints.append(f"{self.page.url} asks {request.url}")
