"""What is read from the partner's pages, and what is sent to them."""

import io

from bs4 import BeautifulSoup, Tag

from cpor_web.models import Claim


def address(claim: Claim, *more: str) -> str:
    return "/".join((f"/claims/{claim.reference}", *more))


def buttons(page: BeautifulSoup) -> set[str]:
    assert isinstance(page.main, Tag)
    return {button.get_text(strip=True) for button in page.main.select("form button")}


def text_of(page: BeautifulSoup) -> str:
    assert isinstance(page.main, Tag)
    return " ".join(page.main.get_text(" ").split())


def messages(answer_text: str) -> str:
    page = BeautifulSoup(answer_text, "html.parser")
    return " ".join(each.get_text(" ", strip=True) for each in page(class_="message"))


def a_file(name: str = "proof.txt", content: bytes = b"Signed by Carla Conti.") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name
