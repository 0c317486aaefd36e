"""What people do: each takes the world, does one thing, and counts it. One that finds nothing to do does nothing."""

from collections.abc import Callable
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from sqlalchemy.orm import Session

from cpor_web.claims import contacts, operations
from cpor_web.claims.drafts import ContactDraft
from cpor_web.emails.condition import needs_a_person
from cpor_web.models import Claim
from cpor_web.models import Mail as MailRow
from cpor_web.rules.reasons import Request, Withdrawal
from cpor_web.silence import holding
from tests.soak.world import World
from tests.support import claims, incoming_mail, returned_mail

_browser = build_opener(ProxyHandler({}))


def file(world: World) -> None:
    """A partner files a claim, with one contact at the customer or two."""
    world.customers += 1
    domain = f"customer{world.customers}.example.com"
    first, second = (ContactDraft(name, "", f"{name.lower()}@{domain}") for name in ("Carla", "Carlo"))
    about = {
        "filer": world.chance.choice(world.filers),
        "now": world.now(),
        "customer_domain": domain,
        "contact": first,
        "second": second if world.chance.random() < 0.3 else ContactDraft(),
    }

    def verb(session: Session) -> None:
        merged = session.merge(about["filer"], load=True)
        claims.submitted(session, world.installation.programme, **{**about, "filer": merged})

    world.do("filed", verb)


def _on_claim(name: str, where: str, verb: Callable[[World, Session, Claim], object]) -> Callable[[World], None]:
    def action(world: World) -> None:
        number = world.any_claim(where)
        if number is not None:
            world.do(name, lambda session: verb(world, session, session.get_one(Claim, number)))

    return action


def _approve(world: World, session: Session, claim: Claim) -> None:
    operations.start_review(session, claim, **world.about(world.chance.choice(world.reviewers)))
    session.flush()
    session.refresh(claim)
    operations.approve(session, claim, **world.about(world.reviewer_of(claim)))


def _ask(world: World, session: Session, claim: Claim) -> None:
    operations.start_review(session, claim, **world.about(world.chance.choice(world.reviewers)))
    session.flush()
    session.refresh(claim)
    about = world.about(world.reviewer_of(claim))
    operations.request_information(session, claim, {Request.DATES: "No date."}, "Please add it.", **about)


def _resubmit(world: World, session: Session, claim: Claim) -> None:
    operations.resubmit(session, claim, **world.about(claim.filed_by))


def _withdraw(world: World, session: Session, claim: Claim) -> None:
    operations.withdraw(session, claim, Withdrawal.CUSTOMER_LEFT, **world.about(claim.filed_by))


def _propose(world: World, session: Session, claim: Claim) -> None:
    world.customers += 1
    new = ContactDraft(f"Cleo{world.customers}", "", f"cleo{world.customers}@{claim.customer_domain}")
    old = world.chance.choice([contact.id for contact in claim.contacts])
    contacts.propose_contact(session, claim, new, instead_of=old, **world.about(claim.filed_by))


def _confirm(world: World, session: Session, claim: Claim) -> None:
    contacts.correct_contact(session, claim, **world.about(world.chance.choice(world.reviewers)))


approve = _on_claim("approved", "c.status = 'submitted'", _approve)
ask = _on_claim("information requested", "c.status = 'submitted'", _ask)
resubmit = _on_claim("resubmitted", "c.status = 'partner-action-required'", _resubmit)
withdraw = _on_claim("withdrawn", "c.status = 'approved'", _withdraw)
propose = _on_claim("contact proposed", "c.status = 'approved' AND r.state = 'stopped'", _propose)
confirm = _on_claim("contact corrected", "c.status = 'approved' AND r.state = 'stopped'", _confirm)


def deny(world: World) -> None:
    """A customer's mail client denies, by the one-click headers of some notice, at the real web."""
    notice = world.any_notice()
    if notice is None:
        return
    url = str(notice.message["List-Unsubscribe"]).strip("<>")
    try:
        _browser.open(world.through_the_proxy(url, b"List-Unsubscribe=One-Click"), timeout=20).close()
    except (HTTPError, URLError, OSError):
        world.refused["denied"] += 1
        return
    world.done["denied"] += 1
    if (denied := world.claim_of(notice)) is not None:
        world.denied.append(denied)


def bounce(world: World) -> None:
    """A notice comes back with a report; now and then the same report comes twice."""
    notice = world.any_notice()
    if notice is None:
        return
    raw = returned_mail.report(notice.mail_from, notice.recipients[0], returned=notice.raw)
    for _ in range(world.chance.choice((1, 1, 2))):
        incoming_mail.take_in(world.installation, raw)
    world.done["bounced"] += 1


def forge(world: World) -> None:
    """Somebody forges a report, or is out of office: neither decides anything."""
    notice = world.any_notice()
    if notice is None:
        return
    if world.chance.random() < 0.5:
        raw = returned_mail.report("returns@vendor.example.com", notice.recipients[0], returned=notice.raw)
    else:
        answers = str(notice.message["Message-ID"])
        raw = returned_mail.out_of_office(notice.recipients[0], to=notice.mail_from, answers=answers)
    incoming_mail.take_in(world.installation, raw)
    world.done["forged reports, absences"] += 1


def deal_with_a_task(world: World) -> None:
    """A reviewer sends a mail that failed once more, or notes that nothing is left to be done."""
    with world.installation.session() as session:
        numbers = [mail.id for mail in session.query(MailRow).where(needs_a_person()).order_by(MailRow.id)]
    if not numbers:
        return
    number, again = world.chance.choice(numbers), world.chance.random() < 0.7
    about = {"actor": world.chance.choice(world.reviewers).actor, "now": world.now()}
    verb = operations.send_again if again else operations.deal_with
    world.do("sent again" if again else "tasks done", lambda s: verb(s, s.get_one(MailRow, number), **about))


def release(world: World) -> None:
    """An administrator releases what is held."""
    if world.installation.query("SELECT 1 FROM holdings WHERE released_at IS NULL"):
        about = {"actor": world.administrator.actor, "now": world.now()}
        world.do("holdings released", lambda session: holding.release(session, "Looked into.", **about))


ACTIONS: dict[Callable[[World], None], int] = {
    file: 20,
    approve: 20,
    ask: 4,
    resubmit: 3,
    withdraw: 1,
    propose: 4,
    confirm: 4,
    deny: 6,
    bounce: 2,
    forge: 2,
    deal_with_a_task: 6,
    release: 2,
}
"""With their weights."""
