"""The whole installation, in the order in which one thing stands on another, and how it is told."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from cpor_web.config import ConfigError, Settings
from cpor_web.doctor.findings import Finding, Mark, ok, summary, table, wrong
from cpor_web.doctor.front import public_address, settings_of_front
from cpor_web.doctor.machinery import behind_redis, what_waits
from cpor_web.doctor.places import disks, documents, keys, mailbox, scanner, what_is_kept
from cpor_web.doctor.standing import database
from cpor_web.doctor.wiring import connection

EXIT_CODES = {Mark.OK: 0, Mark.LOOK: 1, Mark.WRONG: 2}


def examine_all(environ: Mapping[str, str], clock: Callable[[], datetime]) -> list[Finding]:
    """Return all that can be found from this machine. No mail is sent; one document is stored and removed."""
    try:
        settings = Settings.from_environ(environ)
    except ConfigError as error:
        return [wrong("settings", problem, "cpor settings tells each one's meaning.") for problem in error.problems]
    standing = database(settings, clock)
    findings = [ok("settings", "can be used"), *settings_of_front(settings), *standing, *behind_redis(settings)]
    if not any(each.mark is Mark.WRONG and each.about in {"database", "tables"} for each in standing):
        findings += [*what_waits(settings, clock()), *keys(settings, clock()), *what_is_kept(settings, clock())]
    findings += [*connection(settings, clock()), mailbox(settings), documents(settings), *disks(settings)]
    return [*findings, scanner(settings), *public_address(settings)]


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 0 where all is well, 1 where something is to be looked at, 2 where something is wrong."""
    return max((EXIT_CODES[each.mark] for each in findings), default=0)


def as_text(findings: Sequence[Finding]) -> str:
    """Return the findings for people."""
    return f"{table(findings)}\n\n{summary(findings)}."


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings for programs."""
    found = [{"mark": each.mark, "about": each.about, "found": each.words, "do": each.do} for each in findings]
    return json.dumps({"exit": exit_code(findings), "findings": found}, indent=1, ensure_ascii=False)
