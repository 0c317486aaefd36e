"""What an inspector says of content, in this process."""

import io

import pytest

from cpor_web.inspection.__main__ import inspector
from cpor_web.inspection.findings import Finding, Found


@pytest.fixture
def found():
    """Return what asks an inspector: `found("pdf", content)` is the finding, None where there is none."""

    def ask(kind: str, content: bytes) -> Finding | None:
        try:
            inspector(kind)(io.BytesIO(content))
        except Found as caught:
            return caught.finding
        return None

    return ask
