"""The sample in a running installation: its people, one claim of each kind, the pages of every state of a link."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import facts
from cpor_web.consent.standing import standing_of
from cpor_web.emails.links import Purpose, Signers
from cpor_web.models import Claim, Invitation
from cpor_web.samples.people import PASSWORD, PEOPLE
from tests.support import servers
from tests.support.installation import ROOT, Installation
from tests.support.person import Person
from tests.support.statements import within

REFERENCE = re.compile(r"(?<=/)[A-Z0-9]{4}-[A-Z0-9]{4}\b")
MAIL = re.compile(r"/html$")
"""A mail's own HTML, shown in a frame: it keeps to the rules of mail programs."""

NUMBER = re.compile(r"(?<=/)\d+\b|(?<=/preview/mails/).+")
"""What is in an address and tells of one among many that look the same."""

ADDRESSES = {person.name.partition(" ")[0].lower(): person.email for person in PEOPLE}
"""Who can sign in, by their first name: ines, bo, gita, vera, ivo, rosa, rune, ada."""


def load(installation: Installation) -> None:
    """Load the sample as an operator does."""
    command = [sys.executable, "-m", "cpor_web", "sample"]
    subprocess.run(command, cwd=ROOT, env=os.environ | installation.env, check=True, capture_output=True)
    installation.all_mail_is_out()


@contextmanager
def running() -> Iterator[Installation]:
    """An installation with the sample and servers of its own, for scripts that are no tests."""
    with ExitStack() as stack:
        database = servers.start(stack).new_database("cpor_looks")
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="cpor-looks-")))
        installation = stack.enter_context(Installation(database, folder))
        load(installation)
        yield installation


def signed_in(installation: Installation, who: str) -> Person:
    """Return somebody of the sample, signed in; nobody in particular for "nobody"."""
    return installation.signed_in(ADDRESSES[who], PASSWORD) if who in ADDRESSES else installation.person()


def kinds_of_claims(installation: Installation) -> dict[str, str]:
    """Return what kind of story each claim is in, by its reference: status, reason, consent round, dispute."""
    with installation.session() as session:
        return kinds(session)


def kinds(session: Session) -> dict[str, str]:
    """Return the same of the sample in a database."""
    return {claim.reference: _kind(session, claim) for claim in session.scalars(select(Claim))}


def _kind(session: Session, claim: Claim) -> str:
    latest = facts.latest_round(session, claim)
    parts = (claim.rejection, latest.state if latest else None, "disputed" if claim.is_disputed else None)
    return " ".join([claim.status.value, *(str(part) for part in parts if part)])


def pages(person: Person, kinds: dict[str, str], start: str = "/") -> list[str]:
    """Return the addresses that links and buttons lead to from `start`: of claims of the same kind only one's."""
    waiting, seen, found = [start], set[str](), []
    while waiting:
        path = waiting.pop(0)
        kind = NUMBER.sub("…", REFERENCE.sub(lambda match: _shown(match, kinds), path))
        if kind in seen or MAIL.search(path):
            continue
        seen.add(kind)
        if person.open(path).headers.get_content_type() != "text/html":
            continue  # a download
        found.append(path)
        links = [str(link["href"]) for link in person.page("a", href=True)]
        links += [str(form["action"]) for form in person.page("form", method="get", action=True)]
        waiting += [link.partition("#")[0].partition("?")[0] for link in links if link.startswith("/")]
    return found


def _shown(match: re.Match[str], kinds: dict[str, str]) -> str:
    """Return what makes a claim's page differ from another's: its kind, and for the form of its fields the status."""
    kind, rest = kinds.get(match[0], "…"), match.string[match.end() :]
    return kind if not rest else kind.partition(" ")[0] if rest == "/edit" else "…"


def name_another_contact(installation: Installation) -> None:
    """Let a reviewer confirm the contact that the partner proposed instead of one who is not the right person."""
    (reference,) = [str(row[0]) for row in installation.query(PROPOSED)]
    signed_in(installation, "rosa").open(f"/review/{reference}").press("Correct contact")


PROPOSED = """
    SELECT reference FROM claims JOIN customer_contacts ON claim_id = claims.id AND needs_confirmation
    WHERE position IS NULL AND replaces_id IS NOT NULL
"""


def pages_of_links(installation: Installation) -> dict[str, str]:
    """Return the address of a page for every purpose and state of a customer's link, by both; and of wrong ones."""
    signers = Signers([installation.env["CPOR_CONSENT_KEYS"]], "")
    found = {"wrong": "/d/wrong", "one-click, opened": "/o/wrong"}
    with installation.session() as session:
        for invitation in session.scalars(select(Invitation).order_by(Invitation.id)):
            standing = standing_of(within(session), invitation.link_id, now=installation.now())
            assert standing
            said = " ".join(sorted(answer.kind.value for answer in invitation.answers))
            kind = _kind(session, invitation.round.claim)
            state = f"{standing.state.value} {standing.round.value} {kind} {said}"
            for purpose in (Purpose.DENY, Purpose.UNDO, Purpose.YES):
                found.setdefault(f"{purpose.name.lower()}: {state}", signers.url(purpose, invitation.link_id))
    return found
