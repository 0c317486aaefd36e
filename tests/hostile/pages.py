"""The forms that are really on the pages, and their sending with whatever one likes in them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from werkzeug.test import TestResponse

from cpor_web.samples.proof import pdf
from tests.support.browser import Browser
from tests.support.sample import NUMBER, REFERENCE

Pairs = Sequence[tuple[str, bytes]]

BOUNDARY = "a-boundary-of-the-tests"
MOST_PAGES = 200
_BUTTONS = {"submit", "button", "image", "reset"}


@dataclass(frozen=True)
class Form:
    """A form as it is on a page: `given` is what a browser would send, with the button where it has a name."""

    page: str
    method: str
    action: str
    given: tuple[tuple[str, bytes], ...]
    names: tuple[str, ...]
    files: frozenset[str]
    is_multipart: bool

    @property
    def kind(self) -> str:
        """What it has in common with those for other things: the address without what tells them apart."""
        return f"{self.method} {NUMBER.sub('…', REFERENCE.sub('…', self.action))} {' '.join(sorted(set(self.names)))}"

    def with_(self, name: str, value: bytes) -> Pairs:
        """Return what would be sent if somebody wrote `value` into the field `name`."""
        return [*((each, given) for each, given in self.given if each != name), (name, value)]


def forms(browser: Browser, starts: Iterable[str], kinds: dict[str, str]) -> list[Form]:
    """Return the forms on all pages that links lead to; of claims of one kind, and of forms, one of each."""
    waiting, seen, found = list(starts), set[str](), dict[str, Form]()
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        what = NUMBER.sub("…", REFERENCE.sub(lambda match: kinds.get(match[0], "…"), path))
        if what in seen or "/preview/" in path:
            continue
        seen.add(what)
        answer = browser.get(path)
        if answer.mimetype != "text/html":
            continue
        page = BeautifulSoup(answer.text, "html.parser")
        for form in _forms(page, path):
            found.setdefault(form.kind, form)
        waiting += [str(link["href"]).partition("#")[0] for link in page("a", href=re.compile(r"^/(?!/)"))]
        waiting += [str(button["action"]) for button in page("form", method="get", action=re.compile(r"^/(?!/)"))]
    return list(found.values())


def answered(browser: Browser, form: Form, pairs: Pairs) -> list[Form]:
    """Return the forms on the page that answers a form, where it leads nowhere else."""
    answer = send(browser, form, pairs)
    assert answer.status_code == 200, f"{form.kind}: {answer.status}"
    return list(_forms(BeautifulSoup(answer.text, "html.parser"), form.page))


def send(browser: Browser, form: Form, pairs: Pairs) -> TestResponse:
    """Send a form with these fields, in the form's own encoding."""
    if form.method == "GET":
        return browser.get(f"{form.action.partition('?')[0]}?{urlencoded(pairs)}")
    if form.is_multipart:
        content_type, body = f"multipart/form-data; boundary={BOUNDARY}", multipart(pairs, form.files)
    else:
        content_type, body = "application/x-www-form-urlencoded", urlencoded(pairs).encode()
    return browser.post(form.action, data=body, content_type=content_type)


def urlencoded(pairs: Pairs) -> str:
    """Return fields as an address or a form carries them."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)


def multipart(pairs: Pairs, files: Iterable[str] = ()) -> bytes:
    """Return fields as a form with documents carries them; those named in `files` as documents."""
    parts = []
    for name, value in pairs:
        file = b'; filename="order.pdf"\r\nContent-Type: application/pdf' if name in set(files) else b""
        head = b'Content-Disposition: form-data; name="%s"%s' % (name.encode(), file)
        parts.append(b"--%s\r\n%s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), head, value))
    return b"".join([*parts, b"--%s--\r\n" % BOUNDARY.encode()])


def _forms(page: BeautifulSoup, path: str) -> Iterator[Form]:
    for form in page("form"):
        action = urlsplit(urljoin(path, str(form.get("action") or "")))
        fields = [field for field in form(["input", "select", "textarea", "button"]) if field.get("name")]
        yield Form(
            page=path,
            method=str(form.get("method", "get")).upper(),
            action=action.path + (f"?{action.query}" if action.query else ""),
            given=tuple((str(field["name"]), value) for field in fields for value in _given(field)),
            names=tuple(dict.fromkeys(str(field["name"]) for field in fields)),
            files=frozenset(str(field["name"]) for field in fields if field.get("type") == "file"),
            is_multipart=form.get("enctype") == "multipart/form-data",
        )


def _given(field: Tag) -> list[bytes]:
    kind = str(field.get("type", "")).lower()
    if kind == "file":
        return [pdf(("Signed.",))]
    if field.name == "select":
        options = field("option")
        chosen = [each for each in options if each.has_attr("selected")] or options[:1]
        return [str(each.get("value", each.get_text())).encode() for each in chosen]
    if field.name == "textarea":
        return [field.get_text().strip().encode() or b"Some words."]
    if kind in {"radio", "checkbox"} and not field.has_attr("checked"):
        return []
    if field.name == "button" and kind in _BUTTONS - {"submit"}:
        return []
    return [str(field.get("value", "")).encode()]
