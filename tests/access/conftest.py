"""Everybody, and the things that they ask for."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web.config import Settings
from tests.access.places import Places
from tests.support.everybody import Everybody, gathered
from tests.support.undone import Undone


@pytest.fixture(scope="module")
def everybody(app: Flask, engine: Engine, settings: Settings) -> Iterator[Everybody]:
    """The sample, and every kind of user signed in."""
    with gathered(app, engine, settings) as there:
        yield there


@pytest.fixture(scope="module")
def places(everybody: Everybody) -> Places:
    """What the owning partner has."""
    with Session(everybody.engine, expire_on_commit=False) as session:
        return Places(everybody.app, session)


@pytest.fixture(scope="module")
def undone(app: Flask) -> Undone:
    """Lets each request see the same sample."""
    return Undone(app)
