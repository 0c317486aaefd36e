"""What the DNS says of the sender's domain: who takes its mail, may send it, signs it (RFC 7208, 6376, 7489)."""

import base64
import re
from collections.abc import Iterator

from cpor_web.addresses import ascii_domain
from cpor_web.config import Settings
from cpor_web.doctor.findings import Finding, look, ok, wrong
from cpor_web.doctor.names import Names, Silent
from cpor_web.emails.dkim import DkimSigner


def domain_of(address: str) -> str:
    """Return the domain of a mail address as the DNS knows it."""
    return ascii_domain(address.rpartition("@")[2])


def records(settings: Settings, signer: DkimSigner | None, names: Names) -> list[Finding]:
    """Return what the records of the sender's domain say; where no name server answers, that alone."""
    sender = domain_of(settings.mail_from)
    returns = domain_of(settings.return_address or settings.mail_from)
    answering = {sender, returns, domain_of(settings.reply_to or settings.mail_from)}
    try:
        return [
            *(_exchangers(domain, names) for domain in sorted(answering)),
            _spf(returns, names),
            *([_dkim(signer, names)] if signer else []),
            _dmarc(sender, names),
        ]
    except Silent as silent:
        do = "Run this where the DNS answers, or name a server that does: --resolver 192.0.2.53"
        return [look("DNS", f"does not answer from here, so MX, SPF, DKIM and DMARC are not known: {silent}", do)]


def _exchangers(domain: str, names: Names) -> Finding:
    hosts = names.exchangers(domain)
    if hosts == [""]:
        return wrong(f"MX {domain}", "says that it takes no mail", "Replies and reports cannot come: publish an MX.")
    if hosts:
        return ok(f"MX {domain}", ", ".join(hosts))
    if names.has_address(domain):
        return look(f"MX {domain}", "has none; its own address is asked instead", "Publish an MX record.")
    return wrong(f"MX {domain}", "has neither MX nor address", "Publish an MX: servers refuse senders without one.")


def _spf(domain: str, names: Names) -> Finding:
    about, found = f"SPF {domain}", [text for text in names.texts(domain) if re.match(r"v=spf1(\s|$)", text, re.I)]
    if not found:
        do = f'Publish at {domain} TXT: "v=spf1 … -all", with the hosts that send your mail.'
        return wrong(about, "has none", do)
    if len(found) > 1:
        return wrong(about, f"has {len(found)}: receivers then take none", "Publish one record for all senders.")
    (record,) = found
    if re.search(r"(^|\s)\+?all(\s|$)", record, re.I):
        return wrong(about, f"lets everybody send: {record}", 'End it with "-all" or "~all".')
    if not re.search(r"(^|\s)([-~]all|redirect=\S+)(\s|$)", record, re.I):
        return look(about, f"does not end with -all or ~all: {record}", "Others may then send in your name.")
    return ok(about, record)


def _dkim(signer: DkimSigner, names: Names) -> Finding:
    about, do = f"DKIM {signer.selector}", "Publish the record below, and wait until it is seen."
    found = names.texts(signer.place)
    if not found:
        return wrong(about, f"there is no record at {signer.place}: receivers see a signature that fails", do)
    if len(found) > 1 or _key_in(found[0]) != _key_in(signer.key.record):
        return wrong(about, f"the record at {signer.place} is not of our key", do)
    return ok(about, f"{signer.place} has our key ({signer.key.algorithm})")


def _key_in(record: str) -> bytes:
    tags = dict(tag.strip().partition("=")[::2] for tag in record.split(";"))
    try:
        return base64.b64decode("".join(tags.get("p", "").split()))
    except ValueError:
        return b""


def _dmarc(domain: str, names: Names) -> Finding:
    about, do = (
        f"DMARC {domain}",
        f'Publish at _dmarc.{domain} TXT: "v=DMARC1; p=none; rua=mailto:…", later p=reject.',
    )
    for above in _and_above(domain):
        found = [text for text in names.texts(f"_dmarc.{above}") if re.match(r"v=DMARC1\s*(;|$)", text)]
        if len(found) > 1:
            return wrong(about, f"_dmarc.{above} has {len(found)}: receivers then take none", "Publish one.")
        if found:
            policy = re.search(r";\s*p\s*=\s*(none|quarantine|reject)\b", found[0], re.I)
            if not policy:
                return wrong(about, f"has no policy: {found[0]}", do)
            return ok(about, f"{found[0]} (at _dmarc.{above})")
    return look(about, "has none; the large mailbox providers ask for one", do)


def _and_above(domain: str) -> Iterator[str]:
    """Return the domain and those above it that can be an organisation's."""
    labels = domain.split(".")
    yield from (".".join(labels[start:]) for start in range(max(1, len(labels) - 1)))
