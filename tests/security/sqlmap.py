"""sqlmap on whatever somebody can search, filter, sort and leaf through by an address."""

import os
import re
import subprocess
from pathlib import Path

from tests.security.findings import Finding

SQLMAP = os.environ.get("CPOR_TEST_SQLMAP", ".venv/scanners/bin/sqlmap")

ADDRESSES = {
    "ines": (
        "/claims?search=contoso&status=approved&who=partner&area=microsoft-365&mpn_id=4710001&sort=due",
        "/claims?after=abc&before=abc",
        "/claims/submit?after=abc&before=abc",
        "/claims/delete?made=abc&after=abc&before=abc",
        "/claims.csv?search=contoso&area=microsoft-365",
        "/claims/{reference}/new?customer=same",
        "/claims/{reference}/history?kind=claim",
        "/claims/{reference}/history.csv?kind=claim",
        "/account/security?before=9",
    ),
    "rosa": (
        "/review?status=submitted&whose=mine&disputed=y&overdue=y&area=microsoft-365",
        "/review?search=contoso&status=any",
        "/review?after=abc&before=abc",
        "/review/mails?state=sent&after=abc&before=abc",
        "/review/received?kind=reply&after=abc&before=abc",
        "/review/{reference}/history?kind=claim",
        "/review/{reference}/history.json?kind=claim",
        "/review/{reference}/proof?document=1&page=2",
        "/review/figures?by=week&weeks=4&until=0&area=microsoft-365&partner=fabrikam",
        "/review/figures.csv?by=week&weeks=4&until=0&area=microsoft-365&partner=fabrikam&of=waiting",
    ),
    "ada": ("/admin/assessments?state=waiting&message=abc&after=abc&before=abc", "/admin/users?after=abc&before=abc"),
}
"""By who may: addresses with every parameter that their views read."""

NOTHING = "all tested parameters do not appear to be injectable"
FOUND = re.compile(r"^Parameter: .*|^    (?:Type|Payload): .*", re.MULTILINE)


def run(who: str, url: str, cookies: str, folder: Path) -> list[Finding]:
    """Return what was found at one address. Exits where sqlmap did not come to a conclusion."""
    command = [
        str(Path(SQLMAP).absolute()), "-u", url, f"--cookie={cookies}", "--batch", "--dbms=PostgreSQL", "--level=1",
        "--risk=1", "--flush-session", "--threads=2", "--timeout=20", "--retries=1", "--disable-coloring",
        f"--output-dir={folder / 'sqlmap'}", "--parse-errors",
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if "redirect" in done.stdout:
        raise SystemExit(f"sqlmap was sent away from {url}: it means nothing")
    if NOTHING in done.stdout:
        return []
    if not (said := FOUND.findall(done.stdout)):
        raise SystemExit(f"sqlmap came to no conclusion at {url}: {done.stdout[-2000:]}")
    return [Finding("sqlmap", who, "SQL injection", url, " ".join(" ".join(said).split()))]
