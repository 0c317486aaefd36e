"""What every page must have, asked of every page that any test fetches."""

from collections import Counter
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

_NEEDS_NO_LABEL = {"hidden", "submit", "button", "image", "reset"}
_REFERENCES = ("aria-describedby", "aria-labelledby", "aria-controls")


class BadPage(AssertionError):
    """A page that lacks something; the message says where it is from and all that is wrong."""


def check(html: str, where: str) -> None:
    """Raise BadPage unless the page is sound."""
    if complaints := list(problems(html)):
        raise BadPage("\n".join([where, *(f"  - {complaint}" for complaint in complaints)]))


def problems(html: str) -> Iterator[str]:
    """Yield a sentence for everything that is wrong with a page."""
    page = BeautifulSoup(html, "html.parser")
    yield from _frame(page)
    yield from _ids(page)
    yield from _inputs(page)
    yield from _inline(page)
    yield from _words(page)


def _frame(page: BeautifulSoup) -> Iterator[str]:
    if not page.html or not page.html.get("lang"):
        yield "the language is missing"
    if not page.title or not page.title.get_text(strip=True):
        yield "the title is missing"
    headings = [heading.get_text(strip=True) for heading in page("h1")]
    if len(headings) != 1 or not headings[0]:
        yield f"there is to be one h1 with words, here are {headings}"
    if len(page("main")) != 1:
        yield f"there is to be one main, here are {len(page('main'))}"


def _ids(page: BeautifulSoup) -> Iterator[str]:
    ids = Counter(tag["id"] for tag in page(id=True))
    yield from (f"the id {name!r} is there {count} times" for name, count in ids.items() if count > 1)
    for tag in page(True):
        for attribute in _REFERENCES:
            lost = [name for name in str(tag.get(attribute) or "").split() if name not in ids]
            if lost:
                yield f"{attribute} names {lost}, which is nowhere"
    yield from (f"a label is for {tag['for']!r}, which is nowhere" for tag in page("label") if _is_lost(tag, ids))
    for link in page("a", href=True):
        if link["href"].startswith("#") and link["href"][1:] not in ids:
            yield f"a link leads to {link['href']}, which is nowhere"


def _is_lost(label: Tag, ids: Counter[str]) -> bool:
    return bool(label.get("for")) and label["for"] not in ids


def _inputs(page: BeautifulSoup) -> Iterator[str]:
    labelled = {label["for"] for label in page("label", attrs={"for": True}) if label.get_text(strip=True)}
    for tag in page(["input", "select", "textarea"]):
        if tag.get("type") in _NEEDS_NO_LABEL or tag.get("id") in labelled or tag.find_parent("label"):
            continue
        if not (tag.get("aria-label") or tag.get("aria-labelledby")):
            yield f"{tag.name} {tag.get('name')!r} has no label"
    for tag in page(["button", "a"]):
        if not (tag.get_text(strip=True) or tag.get("aria-label")):
            yield f"a {tag.name} has no words"
    yield from (f"the image {tag.get('src')!r} has no alt" for tag in page("img") if tag.get("alt") is None)
    yield from ("a fieldset has no legend" for tag in page("fieldset") if not tag.find("legend"))


def _inline(page: BeautifulSoup) -> Iterator[str]:
    if page("style"):
        yield "there is a style element"
    if any(not tag.get("src") for tag in page("script")):
        yield "there is an inline script"
    for tag in page(True):
        yield from (f"{tag.name} has the attribute {name!r}" for name in tag.attrs if name.startswith("on"))
        if tag.get("style") is not None:
            yield f"{tag.name} has a style attribute"
        if str(tag.get("href") or "").lower().startswith("javascript:"):
            yield "a link is a script"
        target = str(tag.get("src") or (tag.get("href") if tag.name == "link" else "") or "")
        if "//" in target:
            yield f"{tag.name} loads {target!r} from elsewhere"


def _words(page: BeautifulSoup) -> Iterator[str]:
    """Meet what templates let slip: Python's None, a percent place, an object's address."""
    for option in page("option"):
        option.clear()  # "None" can be a choice
    for words in page.stripped_strings:
        if words in {"None", "Undefined"} or "%(" in words or "object at 0x" in words:
            yield f"these are not words for people: {words!r}"
    for tag in page(True):
        if "None" in (tag.get("id"), tag.get("value"), tag.get("href")):
            yield f"{tag.name} has an attribute that says None"
