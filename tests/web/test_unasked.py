"""What is not done until somebody needs it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, url_for
from werkzeug.routing import BuildError, Rule

from cpor_web import create_app
from cpor_web.config import Settings


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The endpoints for whose addresses werkzeug compiled how they are built."""
    endpoints: list[str] = []
    compile_builder: Callable[..., Any] = Rule._compile_builder

    def noted(self: Rule, *arguments: Any) -> Any:
        endpoints.append(self.endpoint)
        return compile_builder(self, *arguments)

    monkeypatch.setattr(Rule, "_compile_builder", noted)
    return endpoints


def test_how_an_address_is_built_is_compiled_when_it_first_is(compiled: list[str], settings: Settings) -> None:
    app = create_app(settings)
    assert compiled == []
    with app.test_request_context():
        assert url_for("partners.claim", reference="CPA-1").endswith("/claims/CPA-1")
        assert url_for("partners.claim", reference="CPA-2", this="a b").endswith("/claims/CPA-2?this=a+b")
    assert compiled == ["partners.claim"]


def test_an_address_of_which_nothing_more_is_said_is_built_once_for_each_place_of_the_application(app: Flask) -> None:
    places: dict[str, dict[str, str]] = {"": {}, "/under": {"SCRIPT_NAME": "/under"}}
    for _ in range(2):
        for root, more in places.items():
            with app.test_request_context("/claims", environ_overrides=more):
                assert url_for("partners.dashboard") == f"{root}/claims"
                assert url_for(".dashboard") == f"{root}/claims"
                assert url_for("partners.dashboard", who="partner") == f"{root}/claims?who=partner"
                assert url_for("partners.dashboard", _external=True) == f"https://localhost{root}/claims"
    with pytest.raises(BuildError), app.test_request_context():
        url_for("partners.claim")
