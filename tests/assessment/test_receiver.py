"""Posting, against a real server that answers in every way."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from cpor_web.assessment.receiver import Away, Delivered, Failed, Outcome, as_json, post
from cpor_web.assessment.signatures import headers
from tests.support import assessor_server
from tests.support.assessor_server import DRIP, HANG, REDIRECT, SECRET, AssessorServer
from tests.support.servers import free_port

BODY = as_json({"type": "assess", "data": {"sequence": 1, "partner": "Żółw"}})
SIGNED = headers([SECRET], "msg_1", BODY, at=datetime(2026, 11, 27, tzinfo=UTC))


def send(assessor: AssessorServer, answer: int | str = 204, *, timeout: float = 60) -> Outcome:
    assessor.answers = [answer]
    return post(assessor.url, BODY, SIGNED, timeout=timeout)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_is_a_delivery(assessor: AssessorServer, status: int) -> None:
    assert isinstance(send(assessor, status), Delivered)
    assert [each.path for each in assessor.received] == ["/assess?tenant=1"]
    assert assessor.received[0].body["data"]["partner"] == "Żółw"


@pytest.mark.parametrize("status", [304, 400, 404, 410, 429, 500, 503])
def test_any_other_status_is_a_failure(assessor: AssessorServer, status: int) -> None:
    outcome = send(assessor, status)

    assert isinstance(outcome, Failed)
    assert outcome.answer.startswith(str(status))


def test_a_redirect_is_a_failure_and_not_followed(assessor: AssessorServer) -> None:
    outcome = send(assessor, REDIRECT)

    assert isinstance(outcome, Failed)
    assert outcome.answer.startswith("307")
    assert len(assessor.received) == 1


def test_the_receivers_words_are_kept_on_one_line_without_control_characters(assessor: AssessorServer) -> None:
    assert send(assessor, 500).answer == "500 Internal Server Error words of the <b>receiver</b>"


@pytest.mark.parametrize("manner", [HANG, DRIP])
def test_who_does_not_answer_in_time_is_away(assessor: AssessorServer, manner: str) -> None:
    assert isinstance(send(assessor, manner, timeout=0.3), Away)


def test_who_is_not_there_is_away() -> None:
    outcome = post(f"http://127.0.0.1:{free_port()}/", BODY, SIGNED, timeout=60)

    assert isinstance(outcome, Away)
    assert outcome.answer.startswith("ConnectionRefusedError")


def test_a_server_without_a_certificate_is_away(assessor: AssessorServer) -> None:
    assert isinstance(post(assessor.url.replace("http:", "https:"), BODY, SIGNED, timeout=2), Away)
    assert assessor.received == []


@pytest.mark.parametrize("wrong", ["name", "authority", "expired", ""])
def test_a_wrong_certificate_is_refused_and_learns_nothing(
    certificate_for: Callable[..., ssl.SSLContext], authority_file: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))
    certificate = {
        "name": lambda: certificate_for("assessor.example.org"),
        "authority": lambda: certificate_for("127.0.0.1", by=trustme.CA()),
        "expired": lambda: certificate_for("127.0.0.1", not_after=datetime.now(UTC) - timedelta(days=1)),
        "": lambda: certificate_for("127.0.0.1"),
    }[wrong]()
    with assessor_server.running(certificate) as assessor:
        outcome = send(assessor)

    assert isinstance(outcome, Away if wrong else Delivered), outcome
    assert ("CERTIFICATE_VERIFY_FAILED" in outcome.answer) is bool(wrong)
    assert len(assessor.received) == (0 if wrong else 1)
