"""Applications of other settings than the tests' own, as a fixture; the conftest imports it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from cpor_web import create_app
from cpor_web.config import Settings
from cpor_web.extensions import db, limiter

__all__ = ["AppWith", "app_with", "give_back"]

AppWith = Callable[..., Flask]


@pytest.fixture
def app_with(settings: Settings, app: Flask) -> Iterator[AppWith]:
    """Make an application of other settings, given by their names; its connections are closed at the end."""
    made: list[tuple[Flask, Any]] = []

    def with_other(**changes: Any) -> Flask:
        other = create_app(replace(settings, **changes))
        made.append((other, limiter.storage))
        return other

    yield with_other
    for other, store in made:
        with other.app_context():
            db.engine.dispose()
        if asked := vars(store).get("_store"):  # which is made when it is first asked
            asked.storage.connection_pool.disconnect()
    give_back(settings)


def give_back(settings: Settings) -> None:
    """Give the limiter and the bell, which all applications share, their Redis back.

    A limiter that found none would count by itself until it looks for one again, and then begin anew: amid a test.
    """
    create_app(settings)
    limiter._storage_dead = False
