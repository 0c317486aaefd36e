"""The sample's claims that wait for the partner or a reviewer. Numbers are working days before the loading."""

from dataclasses import replace

from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft
from cpor_web.rules.reasons import Rejection, Request
from cpor_web.samples import customers as at
from cpor_web.samples.moments import answer_due_in, minutes, working
from cpor_web.samples.phrases import (
    BO,
    CENTRAL,
    EXCHANGE,
    FIELD,
    FINANCE,
    GITA,
    INES,
    INTUNE,
    RESUBMITS,
    ROSA,
    RUNE,
    SALES,
    SERVICE,
    SHAREPOINT,
    STOCKHOLM,
    SUBMITS,
    TEAMS,
    asks,
    disputes,
    draft,
    drafted,
    filed,
    rejected,
    says,
    started,
    takes_over,
)
from cpor_web.samples.staging import Story
from cpor_web.samples.steps import Step, creates, notes, uploads, verb

IT_ELSEWHERE = ContactDraft(
    name="Jana Berger",
    title="Managing director",
    email="jana.berger@berger-it.example.net",
    language="de",
    reason="Berger IT runs the customer's whole IT; the customer's board has named her for such questions.",
)

TELEPHONY = draft("Telephony in Teams", at.CONTOSO, TEAMS)

DRAFTS = (
    Story(draft("Intune on the shop floor", at.FOURTH, INTUNE), drafted(working(1, "16:20"))),
    Story(
        draft("Mail for the ski schools", at.ALPINE, EXCHANGE, filer=BO, tenant_id="", contact=ContactDraft()),
        (Step(working(2, "11:05"), BO, creates),),
    ),
    Story(
        draft("Field service pilot", at.COHO, FIELD, subscription_id="", activity=""),
        drafted(working(3, "15:30"), proof="Pilot agreement"),
    ),
)

SUBMITTED = (
    Story(
        draft("SharePoint for the board", at.CITY, SHAREPOINT),
        (*drafted(minutes(50)), Step(minutes(40), INES, SUBMITS)),
    ),
    Story(draft("Sales in the north", at.SHIPPING, SALES, filer=BO, mpn=STOCKHOLM), filed(2, BO)),
    Story(draft("Customer service desk", at.INSURANCE, SERVICE), filed(9)),
    Story(
        TELEPHONY,
        (
            *filed(9, proof="Order without date"),
            *started(8),
            *asks(working(5, "11:15"), ROSA, {Request.DATES: "The order has no date."}, "Please send a dated order."),
            Step(working(2, "10:05"), INES, verb(operations.save, replace(TELEPHONY, products=(TEAMS, INTUNE)))),
            Step(working(2, "10:12"), INES, uploads("Dated order", instead=True)),
            Step(working(2, "10:20"), INES, RESUBMITS),
        ),
    ),
)

UNDER_REVIEW = (
    Story(
        draft("Mailboxes moved to the cloud", at.NORTHWIND, EXCHANGE, TEAMS),
        (
            *filed(4),
            *started(3),
            *says(3, ROSA, "Is the migration finished, or does a part still run at the customer's?"),
            *says(2, INES, "Finished last week. The acceptance report is on page 2 of the order."),
            Step(working(2, "14:45"), ROSA, notes("Compared with the usage figures: plausible.")),
        ),
    ),
    Story(draft("Finance for three plants", at.WORKS, FINANCE, filer=GITA), (*filed(3, GITA), *started(1, RUNE))),
    Story(draft("Books of the toy maker", at.TAILSPIN, CENTRAL), (*filed(14), *started(13))),
    Story(
        draft("Devices of the utility", at.TOWN, INTUNE, contact=IT_ELSEWHERE),
        (*filed(2), *started(1), *says(1, INES, "Ms Berger is at a fair until Friday.", at="16:10")),
    ),
    Story(
        draft("Intranet of the foundation", at.CANAL, SHAREPOINT),
        (
            *rejected(10, Rejection.INSUFFICIENT_PROOF, "The order is about licences; no work of yours is in it."),
            *disputes(1, "The second annex, pages 4 to 9, describes our work day by day. It was overlooked."),
        ),
    ),
    Story(
        draft("Sales for the vineyard", at.COHO, SALES),
        (
            *rejected(12, Rejection.MISSING_CONSENT, "The customer has not signed."),
            *disputes(4, "The signature is on the last page, below the terms."),
            *takes_over(3),
        ),
    ),
)

WAITING_FOR_PARTNER = (
    Story(
        draft("Records in SharePoint", at.PROSEWARE, SHAREPOINT, EXCHANGE),
        (
            *filed(9),
            *started(8),
            *asks(
                answer_due_in(1, "10:50"),
                ROSA,
                {
                    Request.PRODUCTS: "Exchange Online is claimed, but the order names SharePoint Online alone.",
                    Request.ACKNOWLEDGMENT: "The acceptance report is not signed.",
                },
                "Both can be on one document, as long as the customer signs it.",
            ),
        ),
    ),
    Story(
        draft("Service on the road", at.WINGTIP, FIELD, filer=BO),
        (
            *filed(5, BO),
            *started(4, RUNE),
            *asks(working(1, "09:35"), RUNE, {Request.SOLUTION: ""}, "What did you do for the customer, and when?"),
        ),
    ),
    Story(
        draft("Teams for researchers", at.TREY, TEAMS),
        (
            *filed(8),
            *started(7),
            *asks(working(3, "15:40"), ROSA, {Request.ALL_PROOF: "The file is about Tailspin."}, "A wrong file?"),
            *says(2, INES, "Sorry, mixed up. The right one follows, our customer is looking for it."),
        ),
    ),
)

STORIES = (*DRAFTS, *SUBMITTED, *UNDER_REVIEW, *WAITING_FOR_PARTNER)
