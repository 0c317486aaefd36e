"""The installation as a fixture, one for all tests of a folder; its conftest imports it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.installation import Installation
from tests.support.servers import Servers


@pytest.fixture(scope="package")
def installation(
    request: pytest.FixtureRequest, running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A running installation, whose clock the tests move forward; whatever a test stops it starts again."""
    folder = request.node.nodeid.rpartition("/")[2]
    with start(folder, running, worker_number, tmp_path_factory) as started:
        yield started


@contextmanager
def start(
    name: str, running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory, **settings: str
) -> Iterator[Installation]:
    """Start an installation with settings of its own over those that suit a test."""
    database = running.new_database(f"cpor_{name}_{worker_number}")
    with Installation(database, tmp_path_factory.mktemp(name), **settings) as started:
        yield started
