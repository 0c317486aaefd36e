"""The README says what the program does. CPOR_TEST_REWRITE=1 writes its three blocks anew: read the diff."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cpor_web import config
from cpor_web.config.secret_files import SECRETS, file_setting
from cpor_web.rules import picture
from cpor_web.samples.people import PASSWORD, PEOPLE

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
REWRITE = bool(os.environ.get("CPOR_TEST_REWRITE"))
FOLDERS_OF_TESTS = {
    "access", "accounts", "claims", "consent_links", "emails", "faults", "hostile", "injection", "inspection",
    "privacy", "proofs", "rules", "state_machine",
}  # fmt: skip
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def accounts() -> str:
    """Return the sample's accounts as a table."""
    rows = [f"| `{p.email}` | {p.name} | {p.role.label} of {p.organisation} |" for p in PEOPLE]
    return "\n".join(
        [f"All with the password `{PASSWORD}`:", "", "| sign in as | who is | |", "|---|---|---|", *rows]
    )


def settings() -> str:
    """Return every setting as a table."""
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {meaning} |" for name, default, meaning in config.table()
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def life() -> str:
    """Return the picture of a claim's life."""
    return f"```mermaid\n{picture.diagram()}\n```"


BLOCKS: dict[str, Callable[[], str]] = {"accounts": accounts, "picture": life, "settings": settings}


@pytest.mark.parametrize("name", BLOCKS)
def test_the_readme_says_what_the_code_says(name: str) -> None:
    block = re.compile(rf"(<!-- {name}: [^\n]*-->\n)(.*?)(<!-- end -->)", re.DOTALL)
    text = README.read_text(encoding="utf-8")
    found = block.search(text)
    assert found
    if REWRITE:
        README.write_text(block.sub(lambda m: f"{m[1]}{BLOCKS[name]()}\n{m[3]}", text), encoding="utf-8")
        return

    assert found[2] == BLOCKS[name]() + "\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))

    assert not [link for link in links if not (page.parent / link).exists()]


def test_every_test_and_file_that_the_page_on_security_names_is_there() -> None:
    """Whole tests stand there by the names of their folders, all else with what ends the name of a file."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py|[a-z_]+(?:/[a-z_]+)+)`", text)) | FOLDERS_OF_TESTS
    missing = [each for each in named if not any((ROOT / home / each).exists() for home in ("tests", "cpor_web"))]

    assert missing == []
    assert [each for each in FOLDERS_OF_TESTS if f"`{each}`" not in text] == []


def test_every_setting_that_a_document_names_is_one() -> None:
    known = {name for name, _default, _meaning in config.table()}
    named = {
        name
        for page in PAGES
        for name in re.findall(r"CPOR_[A-Z_]*[A-Z](?![A-Z_])", page.read_text(encoding="utf-8"))
    }

    in_files = {file_setting(name) for name in SECRETS}
    assert known <= named
    assert not {name for name in named - known - in_files if not name.startswith(config.FOR_TESTS)}


def test_every_room_of_the_house_has_its_line_in_the_readme() -> None:
    laid_out = README.read_text(encoding="utf-8").partition("## How the code is laid out")[2]
    named = set(re.findall(r"`(?:cpor_web/)?([a-z_]+)/`", laid_out))

    assert {room.parent.name for room in (ROOT / "cpor_web").glob("*/__init__.py")} <= named
