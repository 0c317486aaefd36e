"""Takes the pictures of the README: `make screenshots`."""

import shutil
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from cpor_web.samples.people import PASSWORD
from tests.browser.conftest import NAMES
from tests.support import sample
from tests.support.installation import ROOT, Installation

IMAGES = ROOT / "docs" / "images"
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
OPEN = "deny: open running approved running "


def take(browser: Browser, installation: Installation) -> None:
    """Write the pictures of dashboard, claim, review and customer page, each under its name, into docs/images."""
    kinds = sample.kinds_of_claims(installation).items()
    asked = next(reference for reference, kind in kinds if kind == "partner-action-required")
    disputed = next(reference for reference, kind in kinds if kind.startswith("under-review") and "disputed" in kind)
    for who, name, path in (
        ("ines", "dashboard", "/claims"),
        ("ines", "claim", f"/claims/{asked}"),
        ("rosa", "review", f"/review/{disputed}"),
    ):
        _picture(browser, installation, name, path, DESK, email=sample.ADDRESSES[who])
    _picture(browser, installation, "customer", sample.pages_of_links(installation)[OPEN] + "?lang=en", PHONE)


def _picture(
    browser: Browser,
    installation: Installation,
    name: str,
    path: str,
    size: dict[str, int],
    email: str = "",
) -> None:
    context = browser.new_context(base_url=installation.url, viewport=size)  # type: ignore[arg-type]
    page = context.new_page()
    if email:
        page.goto("/login")
        page.get_by_label("Email", exact=True).fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/claims" if path.startswith("/claims") else "**/review")
    page.goto(path)
    page.screenshot(path=IMAGES / f"{name}.png")
    context.close()
    print(Path("docs", "images", f"{name}.png"))


def main() -> None:
    """Take all pictures of a fresh sample."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"none of {', '.join(NAMES)} is on the PATH"
    IMAGES.mkdir(exist_ok=True)
    with sample.running() as installation, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        take(browser, installation)
        browser.close()


if __name__ == "__main__":
    main()
