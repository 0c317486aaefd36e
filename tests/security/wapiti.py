"""wapiti, signed in as somebody of the sample. What it attacks it finds by following links."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

from tests.security.findings import Finding

WAPITI = os.environ.get("CPOR_TEST_WAPITI", ".venv/scanners/bin/wapiti")

MODULES = (
    "backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "methods",
    "permanentxss", "redirect", "shellshock", "sql", "timesql", "upload", "xss",
)  # fmt: skip
"""Those that need nobody outside, and no LDAP: ssrf, xxe and log4shell wait for a call to a server of wapiti's."""

LEFT_OUT = ("/logout", "/static/*", "/bootstrap/*", "/review/preview/*", "/claims.csv*", "*.ics")
"""What ends the scan's own session, is no page, or is dozens of pages that show what others show."""

TRIES, LOCKED = 3, b"database is locked"
"""Its own notes are in an SQLite file, over which its tasks trip on a busy machine."""


@dataclass(frozen=True)
class Scan:
    """Somebody's scan: where it starts, with which cookies, and how long (seconds) it may take at each thing."""

    who: str
    home: str
    starts: Sequence[str]
    cookies: str
    seconds: int


def run(scan: Scan, folder: Path) -> tuple[list[Finding], int]:
    """Return what was found, and on how many pages it was looked for. Exits where wapiti does not run."""
    report = folder / f"wapiti-{scan.who}.json"
    log = folder / f"wapiti-{scan.who}.log"
    for _ in range(TRIES):
        with log.open("wb") as output:
            subprocess.run(_command(scan, report, folder), check=False, stdout=output, stderr=output, cwd=folder)
        if report.exists() or LOCKED not in log.read_bytes():
            break
    if not report.exists():
        raise SystemExit(f"wapiti did not run: {log.read_text('utf-8', 'replace')[-2000:]}")
    found = json.loads(report.read_text())
    findings = [each for each in _findings(scan.who, found) if not _is_mistaken(scan, each)]
    return findings, int(found["infos"]["crawled_pages_nbr"])


def _is_mistaken(scan: Scan, finding: Finding) -> bool:
    """Tell whether a token is said not to be checked, and a wrong one is refused all the same.

    wapiti compares the answers to a right and to a wrong one, but sends the right one with two content types, which
    make no form: both are refused.
    """
    if "is not properly checked" not in finding.what:
        return False
    address = urljoin(scan.home, finding.where.split()[1])
    try:
        urlopen(Request(address, b"csrf_token=wrong", {"Cookie": scan.cookies}), timeout=20).close()
    except HTTPError as refused:
        refused.close()
        return refused.code == HTTPStatus.BAD_REQUEST
    return False


def _command(scan: Scan, report: Path, folder: Path) -> list[str]:
    first, *others = (f"{scan.home}{path}" for path in scan.starts)
    command = [
        str(Path(WAPITI).absolute()), "-u", first, "--scope", "domain", "-m", ",".join(MODULES), "--no-bugreport",
        "--flush-session", "-f", "json", "-o", str(report), "-v", "1", "-d", "4", "-t", "20", "--tasks", "6",
        "--max-scan-time", str(2 * scan.seconds), "--max-attack-time", str(scan.seconds), "--max-parameters", "40",
        "--store-session", str(folder / scan.who), "--store-config", str(folder / f"{scan.who}-config"),
    ]  # fmt: skip
    for other in others:
        command += ["-s", other]
    for left_out in LEFT_OUT:
        command += ["-x", f"{scan.home}{left_out}"]
    return [*command, "-C", scan.cookies] if scan.cookies else command


def _findings(who: str, report: dict[str, Any]) -> Iterator[Finding]:
    for part in ("vulnerabilities", "anomalies", "additionals"):
        for category, all_of_it in report[part].items():
            for each in all_of_it:
                where = f"{each['method']} {each['path']} {each.get('parameter') or ''}".strip()
                yield Finding("wapiti", who, category, where, each["info"], part == "additionals")
