"""What the sample's stories have in common: whole stretches of a claim's life in one word."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any

from cpor_web.claims import operations
from cpor_web.claims.drafts import Draft
from cpor_web.consent import answers
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Rejection, Request, Way
from cpor_web.samples.customers import Customer
from cpor_web.samples.moments import When, night_after, working
from cpor_web.samples.steps import Step, answer, creates, uploads, verb, window_closes

INES, BO, GITA = (f"{who}@adatum.example.org" for who in ("incentives", "billing", "global"))
IVO = "incentives@fabrikam.example.org"
NAMES = {INES: "Ines Incentives", BO: "Bo Billing", GITA: "Gita Global", IVO: "Ivo Incentives"}
ROSA, RUNE = "reviewer@vendor.example.com", "reviewer2@vendor.example.com"
BERLIN, STOCKHOLM, UTRECHT = "4710001", "4710002", "5820001"

SALES, SERVICE, FIELD = "dynamics-365-sales", "dynamics-365-customer-service", "dynamics-365-field-service"
FINANCE, CENTRAL = "dynamics-365-finance", "dynamics-365-business-central"
EXCHANGE, SHAREPOINT, TEAMS, INTUNE = "exchange-online", "sharepoint-online", "teams", "intune"

SUBMITS, RESUBMITS = verb(operations.submit), verb(operations.resubmit)
STARTS, APPROVES = verb(operations.start_review), verb(operations.approve)

Steps = tuple[Step, ...]


def draft(name: str, to: Customer, *products: str, filer: str = INES, mpn: str = BERLIN, **more: Any) -> Draft:
    """Return a complete draft: business applications where the first product is one of them, else Microsoft 365."""
    is_business = products[0].startswith("dynamics")
    complete = Draft(
        name=name,
        mpn_id=mpn,
        customer_name=to.name,
        customer_domain=to.domain,
        tenant_id=str(to.tenant_id),
        subscription_id=str(to.subscription_id(name)) if is_business else "",
        area="business-applications" if is_business else "microsoft-365",
        activity="usage",
        products=products,
        contact=to.contact,
        partner_contact_name=NAMES[filer],
        partner_contact_email=filer,
    )
    return replace(complete, **more)


def drafted(when: When, who: str = INES, *, proof: str = "Signed order") -> Steps:
    """A draft with its proof."""
    return (Step(when, who, creates), Step(when, who, uploads(proof)))


def filed(ago: int, who: str = INES, *, proof: str = "Signed order") -> Steps:
    """A draft that was submitted `ago` working days back."""
    return (*drafted(working(ago, "09:40"), who, proof=proof), Step(working(ago, "09:58"), who, SUBMITS))


def started(ago: int, who: str = ROSA) -> Steps:
    """A reviewer starts."""
    return (Step(working(ago, "10:20"), who, STARTS),)


def asks(when: When, who: str, what: dict[Request, str], comment: str) -> Steps:
    """The reviewer asks for more."""
    return (Step(when, who, verb(operations.request_information, what, comment)),)


def answers_by(ago: int, what: Callable[..., Any], *, at: str = "09:25", **given: Any) -> Steps:
    """The customer answers through the link."""
    return (Step(working(ago, at), None, answer(what, **given)),)


def denies(ago: int, reason: Denial, words: str = "", *, way: Way = Way.PAGE, at: str = "16:40") -> Steps:
    """The customer denies."""
    return answers_by(ago, answers.deny, at=at, reason=reason, words=words, way=way)


def takes_over(ago: int) -> Steps:
    """Another reviewer takes the claim."""
    return (Step(working(ago, "10:15"), RUNE, verb(operations.take_over)),)


def says(ago: int, who: str, body: str, *, at: str = "11:30") -> Steps:
    """Somebody comments."""
    return (Step(working(ago, at), who, verb(operations.comment, body)),)


def approved(ago: int, *, by: str = ROSA, filer: str = INES, rationale: str = "") -> Steps:
    """Approved `ago` working days back, with everything before it; the notices are out at once.

    `rationale`: why it goes over another partner's association.
    """
    approves = verb(operations.approve, rationale=rationale)
    return (*filed(ago + 3, filer), *started(ago + 2, by), Step(working(ago, "14:10"), by, approves))


def passed(ago: int, *, by: str = ROSA, filer: str = INES, rationale: str = "") -> Steps:
    """Approved `ago` working days back; the window has passed and the association was assessed."""
    before = approved(ago, by=by, filer=filer, rationale=rationale)

    def is_over(now: datetime, programme: Programme) -> datetime:
        return night_after(before[-1].when, ceil(programme.periods.consent))(now, programme)

    return (*before, Step(is_over, None, window_closes))


def rejected(ago: int, reason: Rejection, comment: str, *, by: str = ROSA, filer: str = INES) -> Steps:
    """Rejected by a reviewer `ago` working days back, with everything before it."""
    rejects = verb(operations.reject, reason, comment)
    return (*filed(ago + 3, filer), *started(ago + 2, by), Step(working(ago, "15:05"), by, rejects))


def disputes(ago: int, justification: str) -> Steps:
    """The partner disputes."""
    return (Step(working(ago, "09:10"), INES, verb(operations.dispute, justification)),)
