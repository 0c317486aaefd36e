"""Reads a copy that came out at the other end: is its signature whole, what does it cover, was it refolded?"""

import re

import dkim

from cpor_web.config import Settings
from cpor_web.doctor.findings import Finding, look, ok, wrong
from cpor_web.doctor.headers import all_of, has_one_click, in_wire_form, problems_of_one_click
from cpor_web.doctor.names import Names, Silent
from cpor_web.doctor.records import domain_of
from cpor_web.doctor.wiring import belong_together
from cpor_web.emails.dkim import ONE_CLICK

METHODS = ("spf", "dkim", "dmarc")
SIGN_BOTH = (
    "Tell the signing server to cover List-Unsubscribe and List-Unsubscribe-Post, or sign here: CPOR_DKIM_DOMAIN."
)


def returned_copy(saved: bytes, settings: Settings, names: Names) -> list[Finding]:
    """Return what a copy saved from the recipient's mailbox (.eml) tells.

    Nobody but the recipient's own server may be believed about Authentication-Results; the file is theirs.
    """
    raw = in_wire_form(saved)
    if not _is_mail(raw):
        return [wrong("copy", "this is no mail with its headers", "Save it as .eml: “show original”, “save as”.")]
    return [*_signatures(raw, settings, names), _one_click(raw), *_results(raw)]


def _is_mail(raw: bytes) -> bool:
    try:
        dkim.DKIM(raw)
    except dkim.MessageFormatError:
        return False
    return bool(all_of(raw, "From"))


def _signatures(raw: bytes, settings: Settings, names: Names) -> list[Finding]:
    count = len(all_of(raw, "DKIM-Signature"))
    if not count:
        do = "Let your relay sign for the sender's domain, or sign here: CPOR_DKIM_DOMAIN."
        return [wrong("copy: signature", "the copy has none (DKIM)", do)]
    return [_signature(raw, index, settings, names) for index in range(count)]


def _signature(raw: bytes, index: int, settings: Settings, names: Names) -> Finding:
    seen: list[str] = []

    def record(name: bytes, timeout: float = 0) -> bytes | None:
        seen[:] = names.texts(name.decode("ascii", "replace"))
        return seen[0].encode("utf-8") if seen else None

    mail, about = dkim.DKIM(raw), "copy: signature"
    mend = "Something on the way changed the mail (a footer, a rewritten subject), or the record is another key's."
    try:
        is_valid = mail.verify(index, dnsfunc=record)
    except Silent as silent:
        return look(about, f"not verified, the DNS does not answer from here: {silent}", "Run this where it does.")
    except (dkim.DKIMException, ValueError) as error:  # dkimpy lets some of base64 and IDNA through
        return wrong(about, f"{_whose(mail)}is broken: {error}", mend)
    if not is_valid:
        return wrong(about, f"{_whose(mail)}{'does not verify' if seen else 'has no record in the DNS'}", mend)
    return _of_valid(raw, mail, settings)


def _of_valid(raw: bytes, mail: dkim.DKIM, settings: Settings) -> Finding:
    about, domain = "copy: signature", mail.domain.decode("ascii", "replace").lower()
    covered = {name.decode("ascii", "replace") for name in mail.include_headers}
    if not belong_together(domain, domain_of(settings.mail_from)):
        return look(
            about, f"{_whose(mail)}is valid, but of another domain than the sender's", "It does not count for DMARC."
        )
    missing = [name for name in ONE_CLICK if name.lower() not in covered]
    if has_one_click(raw) and missing:
        return wrong(about, f"{_whose(mail)}is valid, but does not cover {' and '.join(missing)}", SIGN_BOTH)
    if not has_one_click(raw):
        return ok(about, f"{_whose(mail)}is valid")
    return ok(about, f"{_whose(mail)}is valid and covers both one-click headers")


def _whose(mail: dkim.DKIM) -> str:
    if not mail.domain:
        return ""
    return f"of {mail.domain.decode('ascii', 'replace')} (selector {mail.selector.decode('ascii', 'replace')}) "


def _one_click(raw: bytes) -> Finding:
    if not has_one_click(raw):
        return look("copy: one-click", "has no such headers", "Return the copy of a consent notice: only those do.")
    problems = problems_of_one_click(raw)
    if problems:
        return wrong(
            "copy: one-click", "; ".join(problems), "A server on the way writes headers anew: ask its keeper."
        )
    return ok("copy: one-click", "both headers came through as they were sent")


def _results(raw: bytes) -> list[Finding]:
    said = b" ".join(all_of(raw, "Authentication-Results")).decode("utf-8", "replace")
    if not said:
        return [look("copy: mailbox says", "nothing: it wrote no Authentication-Results")]
    return [_result(method, said) for method in METHODS]


def _result(method: str, said: str) -> Finding:
    about, found = f"copy: {method}", re.findall(rf"(?<![\w.-]){method}\s*=\s*([a-z]+)", said, re.I)
    if not found:
        return look(about, "the mailbox says nothing of it")
    results = {each.lower() for each in found}
    if "pass" in results:
        return ok(about, "the mailbox says pass")
    words = f"the mailbox says {', '.join(sorted(results))}"
    if results & {"fail", "softfail", "hardfail", "permerror"}:
        return wrong(about, words, f"See {method.upper()} above, and the comment in Authentication-Results.")
    return look(about, words)
