"""Scan a sample of our own, print what was found, and exit with 1 where anything is a weakness: `make security`.

Before that the tests run that need more than Python: those of the scanner of documents, and of sign-in by a provider.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.security import findings, sqlmap, wapiti
from tests.security.findings import Finding
from tests.support import sample
from tests.support.installation import Installation
from tests.support.person import Person

STARTS = {"gita": "/claims", "rosa": "/review", "ada": "/admin"}
"""Who is signed in, and where their scan starts; of a partner's people who may most. The administrator comes last."""

FEWEST_PAGES = 10
"""A scan that saw fewer was not let in."""

TAKEN = re.compile(r" POST /(?:account|claims|review|admin)\S* (?:200|302|303|409|422) ")
"""A form that got past the check of its token, in the log of the web."""

TESTS = ("tests/proofs/test_clamd.py", "tests/jobs/test_documents.py", "tests/accounts/oidc")
"""Tests against a real clamd, which must be there, and a real provider."""


def main() -> None:
    """Read what is asked for, and do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.security", description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="that wapiti may take for each attack (default: 10)")
    parser.add_argument("--only", choices=("tests", "sqlmap", "wapiti"), help="run one of the three")
    asked = parser.parse_args()
    wanted = {asked.only} if asked.only else {"tests", "sqlmap", "wapiti"}
    found = _by_tests() if "tests" in wanted else []
    if wanted != {"tests"}:
        found += _by_scanners(wanted, asked.seconds)
    sorted_out = findings.sifted(found)
    print(findings.table(sorted_out))
    weaknesses = [each for each, because in sorted_out if not because and not each.is_informational]
    print(f"{len(weaknesses)} of {len(sorted_out)} findings are weaknesses.")
    sys.exit(bool(weaknesses))


def _by_tests() -> list[Finding]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
    print(f"the tests of {', '.join(TESTS)} …", flush=True)
    done = subprocess.run(command, check=False, env=os.environ | {"CPOR_TEST_CLAMD": "required"})
    said = f"pytest ended with {done.returncode}"
    return [Finding("tests", "nobody", "failure", " ".join(TESTS), said)] if done.returncode else []


def _by_scanners(wanted: set[str], seconds: int) -> list[Finding]:
    found: list[Finding] = []
    with sample.running() as installation, TemporaryDirectory(prefix="cpor-scan-") as folder:
        if "sqlmap" in wanted:
            found += _by_sqlmap(installation, Path(folder))
        if "wapiti" in wanted:
            found += _by_wapiti(installation, Path(folder), seconds)
        return [*found, *_of_the_log(installation)]


def _by_sqlmap(installation: Installation, folder: Path) -> Iterator[Finding]:
    kinds = sample.kinds_of_claims(installation)
    reference = next(each for each, kind in kinds.items() if kind.startswith("approved"))
    for who, addresses in sqlmap.ADDRESSES.items():
        person = sample.signed_in(installation, who)
        for address in addresses:
            path = address.format(reference=reference)
            assert person.open(path).status == 200, f"{who} cannot open {path}"
            print(f"sqlmap as {who}: {path}", flush=True)
            yield from sqlmap.run(who, installation.url + path, _cookies(person), folder)


def _by_wapiti(installation: Installation, folder: Path, seconds: int) -> Iterator[Finding]:
    links = list(sample.pages_of_links(installation).values())
    yield from _scanned(wapiti.Scan("customer", installation.url, links, "", seconds), folder)
    for who, start in STARTS.items():
        person = sample.signed_in(installation, who).open("/account")  # for a token of forms in the session
        before = _forms_taken(installation)
        yield from _scanned(wapiti.Scan(who, installation.url, ["/", start], _cookies(person), seconds), folder)
        assert "/login" not in person.open("/").address, f"the scan as {who} has signed itself out: it means nothing"
        assert _forms_taken(installation) > before, f"no form of the scan as {who} was taken: it means nothing"


def _forms_taken(installation: Installation) -> int:
    return len(TAKEN.findall(installation.logs()["web"]))


def _scanned(scan: wapiti.Scan, folder: Path) -> list[Finding]:
    print(f"wapiti as {scan.who} …", flush=True)
    found, pages = wapiti.run(scan, folder)
    print(f"wapiti as {scan.who}: {pages} pages\n{findings.table(findings.sifted(found))}", flush=True)
    assert pages >= FEWEST_PAGES, f"wapiti saw {pages} pages as {scan.who}: it means nothing"
    return found


def _of_the_log(installation: Installation) -> Iterator[Finding]:
    """Yield what no scanner may see but the log tells: answers that failed."""
    for name, log in installation.logs().items():
        lines = log.splitlines()
        for at, line in enumerate(lines):
            if "Traceback" in line or "an answer failed" in line:
                what = next((each for each in lines[at + 1 :] if not each.startswith(" ")), "")
                yield Finding("log", name, "failure", name, f"{line} {what}")


def _cookies(person: Person) -> str:
    return "; ".join(f"{each.name}={each.value}" for each in person.cookies)


if __name__ == "__main__":
    main()
