"""What a scanner found, and which of it is no weakness here."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that a scanner says of one address. `is_informational`: it is told, and fails nothing."""

    tool: str
    who: str
    category: str
    where: str
    what: str
    is_informational: bool = False


@dataclass(frozen=True)
class Known:
    """Findings that are none here: by category and by what is said, patterns both, with the reason."""

    category: str
    what: str
    because: str

    def fits(self, finding: Finding) -> bool:
        """Tell whether this is such a finding."""
        said = f"{finding.where} {finding.what}"
        return bool(re.fullmatch(self.category, finding.category) and re.search(self.what, said))


KNOWN = (
    Known(
        "HTTP Strict Transport Security.*",
        "",
        "the scan goes over http; tests/web/test_headers.py sees it over https",
    ),
    Known("Secure Flag cookie", "", "the scan goes over http; tests/test_attacks.py sees it over https"),
    Known("Cross Site Request Forgery", r"/[douy]/", "the link is the authority, and no cookie is: docs/adr/0005"),
    Known("Backup file", r"/(claims|review)/[A-Z0-9]{4}-[A-Z0-9]{4}~", "a reference is read as people write it"),
    Known("Cross Site Request Forgery", r"/consent-record", "it checks a file that is sent, and keeps nothing"),
)


def sifted(findings: Iterable[Finding]) -> list[tuple[Finding, str]]:
    """Return each finding once with why it is none; with "" where it is one."""
    return [
        (each, next((known.because for known in KNOWN if known.fits(each)), "")) for each in sorted(set(findings))
    ]


def table(sorted_out: Iterable[tuple[Finding, str]]) -> str:
    """Return the findings for people to read: weaknesses one by one, of all others how many there are of a kind."""
    weak, others = list[str](), Counter[str]()
    for each, because in sorted_out:
        if because or each.is_informational:
            others[f"{because or 'informational'}: {each.tool} as {each.who}, {each.category}"] += 1
        else:
            weak.append(f"WEAKNESS: {each.tool} as {each.who}, {each.category}: {each.where}\n    {each.what}")
    return "\n".join([*weak, *(f"{count} × {kind}" for kind, count in others.items())]) or "Nothing was found."
