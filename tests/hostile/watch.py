"""What must hold of every answer, whatever was sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from sqlalchemy import text
from werkzeug.test import TestResponse

from cpor_web.extensions import limiter
from cpor_web.models import Base
from tests.hostile.words import PRODUCT, TAG
from tests.support.browser import Browser
from tests.support.everybody import Everybody, Kind
from tests.support.undone import Undone

NOTED = {"openings", "downloads", "failed_sign_ins", "sign_ins"}
"""Tables that note a request, whatever becomes of it; of a sign-in, when it was last used."""

DIGESTS = text(
    " UNION ALL ".join(
        f"SELECT '{table.name}', md5(string_agg(row::text, '|' ORDER BY row::text)) FROM {table.name} AS row"
        for table in Base.metadata.sorted_tables
        if table.name not in NOTED
    )
)
"""What tells one content of the database from another, by table; worked out there, for it is asked for often."""


class Watch:
    """Sends one request after the other, each to the same sample, and collects what is wrong with the answers."""

    def __init__(self, everybody: Everybody) -> None:
        self.everybody = everybody
        self._undone = Undone(everybody.app)
        self._own = urlsplit(everybody.app.extensions["settings"].public_url)
        with self._undone.afresh() as connection:
            self._before = set(connection.execute(DIGESTS))

    @contextmanager
    def unthrottled(self) -> Iterator[None]:
        """Let as many requests through as are sent, or else little would be tried."""
        limiter.enabled = False
        try:
            yield
        finally:
            limiter.enabled = True

    @contextmanager
    def looking_around(self) -> Iterator[None]:
        """Keep nothing of what the requests of the block leave behind."""
        with self._undone.afresh():
            yield

    @cache  # noqa: B019 - one watch, and a few kinds
    def token(self, kind: Kind) -> str:
        """Return a token that the forms of `kind` may carry."""
        is_open = kind in {Kind.STRANGER, Kind.CUSTOMER}
        return self.everybody.browser(kind).csrf_token("/login" if is_open else "/account")

    def complaint(self, kind: Kind, what: str, ask: Callable[[Browser], TestResponse]) -> str:
        """Return what is wrong with the answer to a request that `kind` makes; "" for nothing."""
        browser = self.everybody.browser(kind)
        browser.expects_failure = True
        with self._undone.afresh() as connection:
            try:
                answer = ask(browser)
                found = self._of(answer, browser)
            except Exception as error:
                return f"{what[:300]}: {type(error).__name__}: {str(error)[:600]}"
            if not found and answer.status_code >= 400:
                tables = {str(table) for table, _ in self._before ^ set(connection.execute(DIGESTS))}
                found = f"{answer.status}, and yet {sorted(tables)} changed" if tables else ""
        return f"{what[:300]}: {found}" if found else ""

    def _of(self, answer: TestResponse, browser: Browser) -> str:
        if (answer.status_code >= 500 and answer.status_code != 503) or answer.status_code in {501, 502}:
            return answer.status
        if 300 <= answer.status_code < 400:
            where = urlsplit(answer.location or "")
            if (where.scheme, where.netloc) not in {("", ""), self._own[:2]} or not where.path.startswith("/"):
                return f"it leads to {answer.location!r}"
            answer = browser.get(f"{where.path}?{where.query}" if where.query else where.path)
            if answer.status_code >= 500:
                return f"{answer.status} at {where.path}, where it leads"
        if answer.mimetype == "text/html":
            page = BeautifulSoup(answer.text, "html.parser")
            if page(TAG) or page.find(onload=True):
                return "what was typed is markup"
            if PRODUCT in answer.text:
                return "what was typed was worked out"
            for link in page.select('.error-summary a[href^="#"]'):
                if page.find(id=str(link["href"])[1:]) is None:
                    return f"its summary of errors leads to {link['href']}, which is not there"
        return ""
