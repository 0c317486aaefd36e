"""A programme whose operator has an assessor of its own, and that assessor."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

import jobs.due
import jobs.handover
from cpor_web.config import Settings
from cpor_web.programme import Programme
from tests.support import assessor_server
from tests.support.assessor_server import SECRET, AssessorServer
from tests.support.smtp_fixtures import authority, authority_file, certificate_for

__all__ = ["authority", "authority_file", "certificate_for"]


@pytest.fixture
def by_webhook(programme: Programme) -> Programme:
    """The programme of an operator that is told by webhook."""
    return replace(programme, assessor="webhook")


@pytest.fixture
def assessor() -> Iterator[AssessorServer]:
    with assessor_server.running() as server:
        yield server


@pytest.fixture
def work(
    app: Flask,
    committed: Session,
    settings: Settings,
    by_webhook: Programme,
    assessor: AssessorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Flask:
    """The application in which the jobs of this test run, and which hands over to the assessor."""
    told = replace(settings, assessor="webhook", assessment_url=assessor.url, assessment_secrets=(SECRET,))
    monkeypatch.setitem(app.extensions, "settings", told)
    monkeypatch.setitem(app.extensions, "programme", by_webhook)
    for module in (jobs.due, jobs.handover):
        monkeypatch.setattr(module, "app", lambda: app)
    return app
