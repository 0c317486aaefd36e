"""The whole examination, in the order in which one thing stands on another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cpor_web.config import Settings
from cpor_web.doctor.findings import Finding, Mark, ok, summary, table, wrong
from cpor_web.doctor.letters import Letter, letters
from cpor_web.doctor.names import Names
from cpor_web.doctor.reading import problems_of
from cpor_web.doctor.records import records
from cpor_web.doctor.returned import returned_copy
from cpor_web.doctor.wiring import connection, settings_of_mail
from cpor_web.emails.catalogue import KINDS
from cpor_web.emails.dkim import DkimSigner
from cpor_web.emails.outcomes import Accepted, Unavailable, Unknown
from cpor_web.emails.rendering import SOURCE
from cpor_web.emails.session import MailServer
from cpor_web.emails.transport import Transport
from cpor_web.keys import dkim as dkim_keys
from cpor_web.programme import Programme

OURS = "Read the operator's name and the addresses in the settings; where they are right, report it."
ALL_GOOD = "From, Date, Message-ID, Reply-To, size, folding and one-click headers are right in the bytes sent"


@dataclass(frozen=True)
class Wanted:
    """What to examine besides settings, server and records: mails sent to an address, and a copy returned."""

    to: str = ""
    language: str = SOURCE
    kinds: Sequence[str] = KINDS
    copy: bytes = b""


def examine(settings: Settings, wanted: Wanted, names: Names, *, now: datetime) -> list[Finding]:
    """Return all that can be found from here. Samples go straight to the mail server, past the outbox."""
    signer = DkimSigner.from_settings(settings)
    server = connection(settings, now)
    findings = [*settings_of_mail(settings, signer), *server, *records(settings, signer, names)]
    if wanted.copy:
        findings += returned_copy(wanted.copy, settings, names)
    if wanted.to and not any(finding.mark is Mark.WRONG for finding in server):
        findings += _samples(settings, signer, wanted, now)
    return findings


def _samples(settings: Settings, signer: DkimSigner | None, wanted: Wanted, now: datetime) -> list[Finding]:
    programme = Programme.from_settings(settings)
    samples = list(letters(programme, signer, to=wanted.to, language=wanted.language, now=now, kinds=wanted.kinds))
    problems = {letter.kind: problems_of(letter, programme, signer, now) for letter in samples}
    wrongs = [wrong(kind, "; ".join(found), OURS) for kind, found in problems.items() if found]
    return [*(wrongs or [ok("samples", ALL_GOOD)]), *_handed_over(samples, settings, wanted.to)]


def _handed_over(samples: Sequence[Letter], settings: Settings, to: str) -> list[Finding]:
    sender, findings = settings.return_address or settings.mail_from, []
    with Transport(MailServer.from_settings(settings)) as transport:
        for letter in samples:
            outcome = transport.send(letter.message, mail_from=sender, rcpt_to=to)
            match outcome:
                case Accepted(answer):
                    findings.append(ok(letter.kind, answer))
                case Unavailable(error) | Unknown(error):
                    findings.append(wrong(letter.kind, f"not sent: {error}", "See the mail server above."))
                    break
                case _:
                    findings.append(wrong(letter.kind, f"refused: {outcome.answer}", "Ask the mail server's keeper."))
    return findings


def report(findings: Sequence[Finding], settings: Settings) -> tuple[str, bool]:
    """Return the table as text, with the record to publish where we sign, and whether nothing is wrong."""
    lines = [table(findings), "", f"{summary(findings)}."]
    signer = DkimSigner.from_settings(settings)
    if signer:
        lines += [
            "",
            "The DKIM record to publish:",
            f"{signer.place}. IN TXT ( {dkim_keys.strings(signer.key.record)} )",
        ]
    return "\n".join(lines), all(finding.mark is not Mark.WRONG for finding in findings)
