"""Somebody who types the same words into every field of every form, and what is right where they are refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from bs4 import BeautifulSoup, Tag
from werkzeug.test import TestResponse

from tests.support.browser import Browser
from tests.support.person import File, Sheet

BOUNDARY = "a-boundary-of-the-tests"
FORM = "application/x-www-form-urlencoded"
TYPED = {"text", "search", "email", "tel", "url", ""}

Pairs = list[tuple[str, Any]]


@dataclass
class Typist:
    """`typed` follows what a form asks for in every field that people write into, addresses and file names too."""

    browser: Browser
    typed: str

    def send(self, page: str, action: str, **right: Any) -> TestResponse:
        """Fill the form of `page` that goes to `action` (the end of its path) and send it until it is taken.

        `right` is what its fields ask for, by their names. A field in which the words are refused gets only that.
        """
        form, spared = self._form(page, action), set[str]()
        addresses = {str(field["name"]) for field in _written(form) if field.get("type") == "email"}
        files = {str(field["name"]) for field in _written(form) if field.get("type") == "file"}
        everything = {str(field["name"]) for field in _written(form)}
        for more in (set[str](), set[str](), addresses, everything):
            answer = self._post(form, right, spared | more)
            if answer.status_code < 400:
                return answer
            assert answer.status_code in {400, 422}, f"{action}: {answer.status_code}"
            spared |= files if answer.status_code == 400 else _wrong(answer)  # 400: the head of a part cannot be read
        raise AssertionError(f"{action} at {page} was never taken: {_complaints(answer)}")

    def _form(self, page: str, action: str) -> Tag:
        for form in self.browser.page(page)("form"):
            form["action"] = form.get("action") or page
            if form.get("method") == "post" and urlsplit(str(form["action"])).path.endswith(action):
                return form
        raise AssertionError(f"no form at {page} goes to {action}")

    def _post(self, form: Tag, right: dict[str, Any], spared: set[str]) -> TestResponse:
        pairs: Pairs = [pair for pair in Sheet(form).controls() if pair[0] not in right]
        for name, value in right.items():
            pairs += [(name, each) for each in (value if isinstance(value, list) else [value])]
        written = {str(field["name"]) for field in _written(form)} - spared
        filled = [(name, self._type(value) if name in written else value) for name, value in pairs]
        data, content_type = _encoded(filled, is_multipart=form.get("enctype") == "multipart/form-data")
        return self.browser.post(str(form["action"]), data=data, content_type=content_type)

    def _type(self, value: Any) -> Any:
        if not isinstance(value, File):
            return f"{value}{self.typed}"
        stem, _, kind = value.name.rpartition(".")
        return File(f"{stem}{self.typed}.{kind}", value.content)


def _written(form: Tag) -> Iterator[Tag]:
    """Yield the fields into which people write."""
    for field in form(["input", "textarea"]):
        kind = str(field.get("type", "")).lower()
        if field.get("name") and (field.name == "textarea" or kind in TYPED or kind == "file"):
            yield field


def _wrong(answer: TestResponse) -> set[str]:
    page = BeautifulSoup(answer.text, "html.parser")
    return {str(each["id"]).removesuffix("-error") for each in page(class_="field__error")}


def _complaints(answer: TestResponse) -> str:
    page = BeautifulSoup(answer.text, "html.parser")
    return " ".join(each.get_text(" ", strip=True) for each in page.select(".error-summary, .message, .field__error"))


def _encoded(pairs: Pairs, *, is_multipart: bool) -> tuple[bytes, str]:
    """As a program would send it that does not mind halves of characters."""
    if not is_multipart:
        return urlencode(pairs, encoding="utf-8", errors="surrogatepass").encode(), FORM
    parts = b"".join(_part(name, value) for name, value in pairs)
    return parts + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


def _part(name: str, value: Any) -> bytes:
    head, content = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"', value
    if isinstance(value, File):
        quoted = value.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")  # as browsers do
        head, content = f'{head}; filename="{quoted}"\r\nContent-Type: application/octet-stream', value.content
    raw = content if isinstance(content, bytes) else str(content).encode("utf-8", "surrogatepass")
    return head.encode("utf-8", "surrogatepass") + b"\r\n\r\n" + raw + b"\r\n"
