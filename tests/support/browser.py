"""A test client that behaves like a browser, and looks at every page it gets."""

from typing import Any

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import page_checker


class Browser(FlaskClient):
    """Visits the public URL, says where it comes from, and checks each HTML page (`page_checker`).

    `sends_referer`: False does without, as from a page with the policy no-referrer or a mail client.
    `expects_failure`: without it an answer with status 500 fails the test; its log has the traceback.
    `checks_pages`: False for requests that no page offers: their errors may be about fields that are not there.
    """

    sends_referer = True
    expects_failure = False
    checks_pages = True

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if "settings" not in self.application.extensions:  # some other application than ours
            return super().open(*args, **kwargs)
        if args and isinstance(args[0], str):
            home = self.application.extensions["settings"].public_url
            kwargs.setdefault("base_url", home)
            headers = dict(kwargs.pop("headers", None) or {})
            if self.sends_referer:
                headers.setdefault("Referer", f"{home}/")
            kwargs["headers"] = headers
            kwargs.setdefault("buffered", True)  # so that a file that was sent is closed
        response = super().open(*args, **kwargs)
        assert self.expects_failure or response.status_code != 500, f"{response.request.path} is broken: see the log"
        is_ours = "sandbox" not in response.headers.get("Content-Security-Policy", "")  # a mail is no page
        is_page = is_ours and response.mimetype == "text/html" and not 300 <= response.status_code < 400
        if self.checks_pages and is_page and response.data:
            page_checker.check(response.text, f"{response.request.method} {response.request.path}")
        return response

    def page(self, path: str, *, status: int = 200) -> BeautifulSoup:
        """Return a page's document, which must have that status."""
        response = self.get(path)
        assert response.status_code == status, f"{path}: {response.status_code}"
        return BeautifulSoup(response.text, "html.parser")

    def csrf_token(self, path: str = "/login") -> str:
        """Return the token of the first form on a page."""
        return str(self.page(path).find("input", attrs={"name": "csrf_token"})["value"])

    def form_on(self, path: str) -> dict[str, str]:
        """Return what a page's form has in its fields, to be sent later: see `form_in`."""
        return form_in(self.get(path).text)

    def submit(self, path: str, data: dict[str, Any] | None = None, *, page: str, **kwargs: Any) -> TestResponse:
        """Send a form that is on `page` to `path`, with that page's token."""
        return self.post(path, data={"csrf_token": self.csrf_token(page), **(data or {})}, **kwargs)


def form_in(text: str) -> dict[str, str]:
    """Return what a page's first form that can be filled in has in its fields."""
    forms = BeautifulSoup(text, "html.parser").main("form")
    form = next(each for each in forms if each.find(["input", "select"], class_=True))
    inputs = {each["name"]: each["value"] for each in form("input") if _counts(each)}
    choices = {each["name"]: each.find("option", selected=True)["value"] for each in form("select")}
    return inputs | choices


def _counts(field: Tag) -> bool:
    return field["type"] not in {"radio", "checkbox"} or field.has_attr("checked")
