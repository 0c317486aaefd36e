"""Puts every page before the Nu HTML checker (vnu, which needs Java): `make validate`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cpor_web.rules.languages import LANGUAGES
from tests.support import sample
from tests.support.installation import Installation

CHECKER = os.environ.get("CPOR_TEST_VNU", "npx --yes vnu-jar").split()
"""How the checker is called; npx fetches it."""

PEOPLE = ("ines", "gita", "vera", "rosa", "ada", "nobody")
EMPTY_FORMS = (
    ("nobody", "/login", "Sign in"),
    ("ines", "/claims/new", "Save"),
    ("ada", "/admin/partners", "Add partner"),
)


def pages(installation: Installation) -> Iterator[tuple[str, str]]:
    """Yield (name, HTML) of every page of everybody, each state of a link in each language, errors, empty forms."""
    kinds = sample.kinds_of_claims(installation)
    for who in PEOPLE:
        person = sample.signed_in(installation, who)
        for path in [*sample.pages(person, kinds, "/login" if who == "nobody" else "/"), "/missing"]:
            yield f"{who} {path}", person.open(path).html
    for who, path, button in EMPTY_FORMS:
        yield f"{who} {path} {button}", sample.signed_in(installation, who).open(path).press(button).html
    nobody = installation.person()
    for state, path in sample.pages_of_links(installation).items():
        for language in LANGUAGES:
            yield f"{state} {language}", nobody.open(f"{path}?lang={language}").html


def complaints(folder: Path) -> list[dict[str, Any]]:
    """Return what the checker has to say of the HTML files in a folder."""
    done = subprocess.run([*CHECKER, "--format", "json", str(folder)], check=False, capture_output=True, text=True)
    try:
        found: list[dict[str, Any]] = json.loads(done.stderr[done.stderr.index("{") :])["messages"]
    except ValueError:
        sys.exit(f"The checker did not run: {done.stderr or done.stdout}")
    return found


def main() -> None:
    """Check all pages; exit with 1 where something is wrong with one."""
    with sample.running() as installation, TemporaryDirectory() as folder:
        names = {}
        for number, (name, html) in enumerate(pages(installation)):
            file = Path(folder, f"{number}.html")
            file.write_text(html)
            names[file.name] = name
        found = complaints(Path(folder))
    for each in found:
        where = names[each["url"].rpartition("/")[2]]
        print(f"{where}: {each.get('subType') or each['type']}: {each['message']} {each.get('extract', '')!r}")
    print(f"{len(names)} pages, {len(found)} complaints")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
