"""A line says of which request or job it is, to people and to programs; and never where a customer's token led."""

import json
import logging
import sys
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web import logs
from cpor_web.server.serving import keep_paths_out_of_the_log
from cpor_web.web.requests_log import HEADER
from tests.faults.test_stalled_downloads import serving
from tests.support.browser import Browser
from tests.support.other_apps import AppWith


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"msg": message, "args": args, "name": "cpor_web.tests", "levelname": "INFO", **extra}
    )
    made.created = 1767603600.25  # 2026-01-05 09:00 UTC
    return made


def test_a_line_of_json_has_time_level_words_and_what_was_given_beside() -> None:
    line = logs.JsonFormatter().format(record("%d mails", 3, error="TimeoutError"))
    assert json.loads(line) == {
        "at": "2026-01-05T09:00:00.250+00:00",
        "level": "INFO",
        "logger": "cpor_web.tests",
        "message": "3 mails",
        "error": "TimeoutError",
    }


def test_a_traceback_stays_in_its_line() -> None:
    try:
        {}["nobody"]
    except KeyError:
        line = logs.JsonFormatter().format(record("it failed", exc_info=sys.exc_info()))
    assert "\n" not in line
    assert "KeyError: 'nobody'" in json.loads(line)["exception"]


def test_a_line_for_people_says_when_in_utc_whatever_the_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        line = logs.TextFormatter(logs.FORMAT).format(record("sent"))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert line == "2026-01-05T09:00:00.250+00:00 INFO cpor_web.tests sent"


@pytest.mark.parametrize("control", ["\n", "\r", "\x1b", "\x85", "\u2028", "\x00", "\x7f"])
def test_what_somebody_else_said_makes_no_line_of_its_own(control: str) -> None:
    said = f"no{control}2026-01-05T09:00:00.250+00:00 INFO cpor_web.tests all is well"
    line = logs.TextFormatter(logs.FORMAT).format(record("the scanner said: %s", said))
    assert control not in line
    assert len(line.splitlines()) == 1
    assert "all is well" in line


@pytest.mark.parametrize("control", ["\n", "\x1b", "\x85", "\x9b", "\u2028", "\x7f"])
def test_what_somebody_else_said_makes_no_line_for_programs_either(control: str) -> None:
    line = logs.JsonFormatter().format(record("the scanner said: %s", said := f"no{control}all is well"))
    assert control not in line
    assert json.loads(line)["message"] == f"the scanner said: {said}"


def test_a_traceback_for_people_keeps_its_lines_and_moves_no_cursor() -> None:
    def clears_the_screen() -> None:
        raise ValueError("\x1b[2J\n2026-01-05T09:00:00.250+00:00 INFO cpor_web.tests all is well")

    try:
        clears_the_screen()
    except ValueError:
        line = logs.TextFormatter(logs.FORMAT).format(record("it failed", exc_info=sys.exc_info()))
    first, second, *_, error, forged = line.splitlines()
    assert (first.endswith("it failed"), second) == (True, "  Traceback (most recent call last):")
    assert (error, forged[:7]) == (r"  ValueError: \x1b[2J", "  2026-")


def test_lines_of_a_job_say_which() -> None:
    with logs.of_job("4711"):
        assert json.loads(logs.JsonFormatter().format(record("sent")))["job"] == "4711"
        assert logs.TextFormatter(logs.FORMAT).format(record("sent")).endswith("INFO cpor_web.tests sent job=4711")
    assert "job" not in json.loads(logs.JsonFormatter().format(record("sent")))


@pytest.mark.parametrize(
    ("proxies", "given", "is_taken"),
    [(1, "abcdef-0123456789", True), (0, "abcdef-0123456789", False), (1, "a b\u00e9c", False), (1, "x" * 65, False)],
)
def test_a_request_is_known_by_a_trusted_proxys_id_or_by_ours(
    app_with: AppWith, committed: Session, proxies: int, given: str, is_taken: bool
) -> None:
    browser = app_with(trusted_proxies=proxies).test_client()
    answers = [browser.get("/healthz", headers={HEADER: given}).headers[HEADER] for _ in range(2)]
    assert (answers == [given, given]) is is_taken
    assert (len(set(answers)) == 2) is not is_taken


def test_a_requests_lines_have_its_id_and_not_its_path(
    app: Flask, client: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(logs.JsonFormatter())
    answer = client.get("/d/a-token-of-a-customer")
    lines = [json.loads(line) for line in caplog.text.splitlines() if "cpor_web.requests" in line]
    assert [line["request"] for line in lines] == [answer.headers[HEADER]]
    assert "a-token-of-a-customer" not in caplog.text


def test_the_server_does_not_log_where_an_answer_failed(caplog: pytest.LogCaptureFixture) -> None:
    def failing(_environ: object, _start: object) -> list[bytes]:
        raise RuntimeError("before anybody could answer")

    keep_paths_out_of_the_log()
    with serving(failing) as (address, _), pytest.raises(HTTPError) as refused:
        urlopen(f"{address}d/a-token-of-a-customer", timeout=120)
    refused.value.close()
    (line,) = [each for each in caplog.records if each.exc_info]
    assert (line.name, line.getMessage()) == ("waitress", "Exception while serving")
    assert "a-token-of-a-customer" not in caplog.text
