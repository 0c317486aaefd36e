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
    made: list[Flask] = []

    def with_other(**changes: Any) -> Flask:
        made.append(create_app(replace(settings, **changes)))
        return made[-1]

    yield with_other
    for each in made:
        with each.app_context():
            db.engine.dispose()
    give_back(settings)


def give_back(settings: Settings) -> None:
    """Give the limiter and the bell, which all applications share, their Redis back.

    A limiter that found none would count by itself until it looks for one again, and then begin anew: amid a test.
    """
    create_app(settings)
    limiter._storage_dead = False
