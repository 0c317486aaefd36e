"""What the sample is loaded with."""

import pytest
from flask import Flask

from cpor_web.proofs import DocumentStore


@pytest.fixture(scope="session")
def documents(app: Flask) -> DocumentStore:
    made: DocumentStore = app.extensions["documents"]
    return made
