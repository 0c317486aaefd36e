"""Has Lighthouse judge dashboard, claim, review and customer page: `make lighthouse`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.conftest import NAMES
from tests.support import sample
from tests.support.installation import Installation

LIGHTHOUSE = os.environ.get("CPOR_TEST_LIGHTHOUSE", "npx --yes lighthouse").split()
"""How it is called; npx fetches it."""

CATEGORIES = ("performance", "accessibility", "best-practices")
ENOUGH = 0.95


def addresses(installation: Installation) -> Iterator[tuple[str, str, str]]:
    """Yield (who, name, path) of the four pages that count most, with those who see them."""
    kinds = sample.kinds_of_claims(installation).items()
    asked = next(reference for reference, kind in kinds if kind == "partner-action-required")
    disputed = next(reference for reference, kind in kinds if kind.startswith("under-review") and "disputed" in kind)
    yield "ines", "dashboard", "/claims"
    yield "ines", "claim", f"/claims/{asked}"
    yield "rosa", "queue", "/review"
    yield "rosa", "review", f"/review/{disputed}"
    links = sample.pages_of_links(installation)
    yield "nobody", "customer", next(path for state, path in links.items() if state.startswith("deny: open running"))


def scores(installation: Installation, who: str, path: str) -> dict[str, float]:
    """Return what each category scores, 0 to 1, on a phone, as Lighthouse simulates one."""
    cookies = "; ".join(f"{each.name}={each.value}" for each in sample.signed_in(installation, who).cookies)
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [
            *LIGHTHOUSE, installation.url + path, "--quiet", "--output=json", f"--output-path={report}",
            "--chrome-flags=--headless=new --no-sandbox", f"--only-categories={','.join(CATEGORIES)}",
            f"--extra-headers={json.dumps({'Cookie': cookies})}",
        ]  # fmt: skip
        chromium = next(filter(None, map(shutil.which, NAMES)), "")
        subprocess.run(command, env={"CHROME_PATH": chromium, **os.environ}, check=True)
        found = json.loads(report.read_text())["categories"]
    return {name: found[name]["score"] for name in CATEGORIES}


def main() -> None:
    """Print the scores of every page; exit with 1 where one is below 95."""
    enough = True
    with sample.running() as installation:
        for who, name, path in addresses(installation):
            found = scores(installation, who, path)
            enough &= min(found.values()) >= ENOUGH
            print(name, *(f"{category} {score * 100:.0f}" for category, score in found.items()), sep=", ", flush=True)
    sys.exit(not enough)


if __name__ == "__main__":
    main()
