"""What a customer's page says, and which buttons it has."""

from tests.support.browser import Browser


def heading(browser: Browser, path: str) -> str:
    h1 = browser.page(path).h1
    assert h1
    return h1.get_text()


def words(browser: Browser, path: str) -> str:
    main = browser.page(path).main
    assert main
    return " ".join(main.get_text(" ").split())


def buttons(browser: Browser, path: str) -> list[str]:
    """The buttons that say something: those of the languages are in no form."""
    return [button.get_text(strip=True) for button in browser.page(path).select("form button")]
