"""Somebody in front of a web page: reads its words, fills fields by their labels, presses buttons by their words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from http.cookiejar import CookieJar
from io import BytesIO
from typing import IO, Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from bs4 import BeautifulSoup, Tag
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from tests.support import page_checker

TIMEOUT = 120  # seconds

TICKED = "ticked"
"""What a box that stands alone is filled with."""


@dataclass(frozen=True)
class File:
    """A file from the person's disk."""

    name: str
    content: bytes


Typed = str | Sequence[str] | File


class _SeeOther(HTTPRedirectHandler):
    """Follows redirects as browsers do: 301 to 303 with a GET."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        return Request(newurl, method="GET")


class Person:
    """One person with one browser: cookies are kept, scripts are not run, and every page is checked."""

    def __init__(self, home: str, *, witness: Callable[[], str] | None = None) -> None:
        """witness: tells what the server is at, asked where it gives no answer."""
        self.home, self._witness = home, witness
        self.cookies = CookieJar()
        self.address = home
        self.status = 0
        self.headers = Message()
        self.html = ""
        self.page = BeautifulSoup("", "html.parser")
        self._browser: OpenerDirector = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies), _SeeOther())

    # What they do

    def open(self, address: str) -> Self:
        """Open a page by its address or its path."""
        return self.send(Request(urljoin(f"{self.home}/", address)))

    def follow(self, words: str) -> Self:
        """Follow the link that says so."""
        links = [link for link in self.page("a", href=True) if _words(link) == words]
        assert links, f"no link says “{words}” at {self.address}: {[_words(link) for link in self.page('a')]}"
        return self.open(urljoin(self.address, str(links[0]["href"])))

    def press(self, words: str, fill: Mapping[str, Typed] | None = None) -> Self:
        """Fill the form of a button, by the labels of its fields, and press the button that says so.

        A choice among several is filled by the words of what is chosen; of check boxes give a list.
        """
        button = self._button(words, fill or {})
        form = button.find_parent("form")
        assert isinstance(form, Tag), f"the button “{words}” is in no form"
        sheet = Sheet(form)
        for label, typed in (fill or {}).items():
            sheet.fill(label, typed)
        return self._submit(form, [*sheet.controls(), *_named(button)])

    def send(self, request: Request) -> Self:
        """Send any request, and look at the page that comes; 500 and worse fail the test."""
        try:
            answer = self._browser.open(request, timeout=TIMEOUT)
        except HTTPError as error:
            answer = error
        except TimeoutError as error:
            if self._witness is not None:
                error.add_note(self._witness())
            raise
        with answer:
            body = answer.read()
            self.address, self.status, self.headers = answer.url, answer.status, answer.headers
        assert self.status < 500 or self.status == 503, f"{self.status} at {self.address}: {body[:2000]!r}"
        is_ours = "sandbox" not in self.headers.get("Content-Security-Policy", "")  # a mail is no page
        if self.headers.get_content_type() == "text/html" and is_ours:
            page_checker.check(body.decode(), f"{request.get_method()} {self.address}")
        self.html = body.decode("utf-8", "replace")
        self.page = BeautifulSoup(body, "html.parser")
        return self

    def send_unasked(self, path: str, **fields: str) -> Self:
        """Send what no button of the page offers, with the page's own token."""
        token = self.page.find("input", attrs={"name": "csrf_token"})
        assert isinstance(token, Tag), f"no form at {self.address}"
        data = urlencode({"csrf_token": token["value"], **fields}).encode()
        headers = {"Origin": self.home, "Referer": self.address}
        return self.send(Request(urljoin(f"{self.home}/", path), data, headers, method="POST"))

    # What they see

    def sees(self, *words: str) -> bool:
        """Tell whether all these words are on the page."""
        seen = self.words
        return all(each in seen for each in words)

    @property
    def words(self) -> str:
        """The page's words, each blank a single one."""
        return " ".join((self.page.main or self.page).get_text(" ").split())

    @property
    def buttons(self) -> list[str]:
        """The words of the page's buttons."""
        return [_words(button) for button in self.page("button")]

    # The inside

    def _button(self, words: str, fill: Mapping[str, Typed]) -> Tag:
        buttons = [button for button in self.page("button") if _words(button) == words]
        assert buttons, f"no button says “{words}” at {self.address} ({self.status}): {self.buttons}\n{self.words}"
        for button in buttons:
            form = button.find_parent("form")
            if isinstance(form, Tag) and all(Sheet(form).has(label) for label in fill):
                return button
        raise AssertionError(f"no form with “{words}” has all of {list(fill)} at {self.address}")

    def _submit(self, form: Tag, controls: list[tuple[str, Any]]) -> Self:
        address = urljoin(self.address, str(form.get("action") or ""))
        files = any(isinstance(value, File) for _, value in controls)
        assert not files or form.get("enctype") == "multipart/form-data", "a file in a form that sends none"
        if str(form.get("method", "get")).lower() == "get":
            return self.open(f"{address.partition('?')[0]}?{urlencode(controls)}")
        if form.get("enctype") == "multipart/form-data":
            boundary, data = encode_multipart(MultiDict((name, _part(value)) for name, value in controls))
            content_type = f"multipart/form-data; boundary={boundary}"
        else:
            data, content_type = urlencode(controls).encode(), "application/x-www-form-urlencoded"
        headers = {"Content-Type": content_type, "Origin": self.home}
        if self.headers.get("Referrer-Policy") != "no-referrer":
            headers["Referer"] = self.address
        return self.send(Request(address, data, headers, method="POST"))


class Sheet:
    """A form's fields as a person finds them: by label, or by the legend over several."""

    def __init__(self, form: Tag) -> None:
        self._form = form
        self._files: dict[int, File] = {}

    def has(self, label: str) -> bool:
        return bool(self._groups(label) or self._fields(label))

    def fill(self, label: str, typed: Typed) -> None:
        if groups := self._groups(label):
            self._tick(groups[0], label, [typed] if isinstance(typed, str) else typed)
            return
        (field,) = self._fields(label)
        if isinstance(typed, File):
            assert field.get("type") == "file", f"“{label}” takes no file"
            self._files[id(field)] = typed
        elif field.get("type") == "checkbox":
            assert typed == TICKED, f"“{label}” is a box to tick"
            field["checked"] = ""
        elif field.name == "select":
            self._choose(field, label, typed)
        elif field.name == "textarea":
            field.string = str(typed)
        else:
            field["value"] = str(typed)

    def controls(self) -> Iterator[tuple[str, Any]]:
        """Yield what a browser would send, without the button."""
        for field in self._form(["input", "select", "textarea"]):
            name, kind = field.get("name"), str(field.get("type", "")).lower()
            if not name or _is_disabled(field) or kind in {"submit", "button", "image", "reset"}:
                continue
            if kind in {"radio", "checkbox"}:
                if field.has_attr("checked"):
                    yield str(name), str(field.get("value", "on"))
            elif kind == "file":
                yield str(name), self._files.get(id(field), File("", b""))
            elif field.name == "select":
                yield from ((str(name), value) for value in _chosen(field))
            elif field.name == "textarea":
                yield str(name), field.get_text().removeprefix("\n").replace("\n", "\r\n")
            else:
                yield str(name), str(field.get("value", ""))

    def _fields(self, label: str) -> list[Tag]:
        ids = [tag["for"] for tag in self._form("label", attrs={"for": True}) if _words(tag) == label]
        return [tag for each in ids if (tag := self._form.find(id=each)) is not None and not _is_disabled(tag)]

    def _groups(self, label: str) -> list[Tag]:
        legends = [tag for tag in self._form("legend") if _words(tag) == label]
        return [tag.find_parent("fieldset") for tag in legends]

    def _tick(self, group: Tag, label: str, chosen: Sequence[str] | File) -> None:
        assert not isinstance(chosen, File)
        boxes = {_words(tag): self._form.find(id=tag["for"]) for tag in group("label", attrs={"for": True})}
        for box in boxes.values():
            if box.get("type") in {"radio", "checkbox"}:
                del box["checked"]
        for words in chosen:
            assert words in boxes, f"“{label}” does not offer “{words}”, but {list(boxes)}"
            assert not _is_disabled(boxes[words]), f"“{words}” cannot be chosen"
            boxes[words]["checked"] = ""

    def _choose(self, field: Tag, label: str, words: object) -> None:
        options = {_words(option): option for option in field("option")}
        fitting = [option for each, option in options.items() if each == words or each.startswith(f"{words} –")]
        assert fitting, f"“{label}” does not offer “{words}”, but {list(options)}"
        for option in options.values():
            del option["selected"]
        fitting[0]["selected"] = ""


def _words(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def _named(button: Tag) -> list[tuple[str, str]]:
    return [(str(button["name"]), str(button.get("value", "")))] if button.get("name") else []


def _is_disabled(field: Tag) -> bool:
    return field.has_attr("disabled") or any(each.has_attr("disabled") for each in field.find_parents("fieldset"))


def _chosen(field: Tag) -> list[str]:
    options = field("option")
    chosen = [option for option in options if option.has_attr("selected")] or options[:1]
    return [str(option.get("value", _words(option))) for option in chosen]


def _part(value: str | File) -> str | FileStorage:
    return FileStorage(BytesIO(value.content), value.name) if isinstance(value, File) else value
