"""A drill tells what it sees, line by line, and leaves with its figures."""

from collections.abc import Callable

import pytest

Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Print a line past pytest's capture."""

    def line(words: str) -> None:
        with capsys.disabled():
            print(f"  {words}", flush=True)

    return line
