"""The sample's claims that were approved or rejected. Numbers are working days before the loading."""

from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import answers
from cpor_web.rules.reasons import Denial, Rejection, Request, Way, Withdrawal
from cpor_web.samples import customers as at
from cpor_web.samples.moments import minutes, night_after, working
from cpor_web.samples.phrases import (
    APPROVES,
    CENTRAL,
    EXCHANGE,
    FIELD,
    FINANCE,
    GITA,
    INES,
    INTUNE,
    ROSA,
    RUNE,
    SALES,
    SERVICE,
    SHAREPOINT,
    STOCKHOLM,
    TEAMS,
    answers_by,
    approved,
    asks,
    denies,
    disputes,
    draft,
    filed,
    passed,
    rejected,
    started,
    takes_over,
)
from cpor_web.samples.staging import Story
from cpor_web.samples.steps import Step, deadline_passes, notes, notes_a_reply, proposes, verb

SECOND_AT_BANK = ContactDraft(
    name="Gerda Wood", title="Datenschutzbeauftragte", email="gerda.wood@woodgrove.example.com", language="de"
)
RIGHT_PERSON = ContactDraft(
    name="Bodil Jork", title="IT-chef", email="bodil.jork@bjorkskog.example.org", language="sv"
)

CUSTOMER_IS_ASKED = (
    Story(
        draft("Teams for all sites", at.CONTOSO, TEAMS, INTUNE),
        (*filed(3), *started(2), Step(minutes(1), ROSA, APPROVES)),
        notices_wait=True,
    ),
    Story(draft("Sales of the bakery", at.BAKERY, CENTRAL), approved(1)),
    Story(draft("Devices in the mills", at.MILL, INTUNE, TEAMS), approved(4, by=RUNE)),
    Story(
        draft("Branches in Teams", at.WOODGROVE, TEAMS, second=SECOND_AT_BANK),
        (*approved(3), *answers_by(1, answers.no_objection, at="13:15")),
    ),
    Story(
        draft("Helpdesk of the railway toys", at.TAILSPIN, SERVICE),
        (*approved(3), Step(working(1, "12:05"), ROSA, notes_a_reply)),
    ),
    Story(
        draft("Mail for the harbour", at.SHIPPING, EXCHANGE, mpn=STOCKHOLM),
        (*approved(4), *answers_by(2, answers.not_the_right_person, at="09:25")),
    ),
    Story(
        draft("Planning in the saw mill", at.TIMBER, CENTRAL, mpn=STOCKHOLM),
        (
            *approved(5),
            *answers_by(3, answers.not_the_right_person, at="09:25"),
            Step(working(1, "14:30"), INES, proposes(RIGHT_PERSON)),
        ),
    ),
    Story(
        draft("Contracts in SharePoint", at.INSURANCE, SHAREPOINT),
        approved(2, by=RUNE),
        refusal="550 5.1.1 Recipient address rejected: user unknown",
    ),
    Story(
        draft("Meetings at the power plant", at.CITY, TEAMS),
        (
            *approved(5),
            *denies(3, Denial.OTHER, "I do not know this name."),
            *answers_by(2, answers.undo, at="08:40"),
        ),
    ),
    Story(
        draft("Sales at the bank", at.WOODGROVE, SALES),
        (
            *approved(16),
            *denies(14, Denial.NO_LONGER_OUR_PARTNER),
            *disputes(9, "The contract was renewed on the first; the customer's buyer did not know yet."),
            *takes_over(8),
            Step(working(1, "11:10"), RUNE, APPROVES),
        ),
    ),
)

ASSESSED = (
    Story(draft("Exchange for the group", at.NORTHWIND, EXCHANGE), passed(24)),
    Story(draft("Sales in all branches", at.NORTHWIND, SALES, SERVICE), passed(21, by=RUNE)),
    Story(draft("Devices of the works", at.WORKS, INTUNE, TEAMS), passed(18)),
    Story(
        draft("Teams in all cellars", at.COHO, TEAMS, INTUNE),
        passed(12, rationale="The customer's newer order gives the work with Teams to this partner."),
    ),
    Story(draft("Seen by the architects", at.LITWARE, FINANCE, activity="revenue-association"), passed(20)),
)

REJECTED = (
    Story(
        draft("Warehouse and books", at.LITWARE, CENTRAL, FINANCE),
        (
            *rejected(6, Rejection.INSUFFICIENT_PROOF, "The offer was never accepted. We need an order."),
            Step(working(6, "15:10"), ROSA, notes("Second offer instead of an order from this customer's file.")),
        ),
    ),
    Story(
        draft("Marketing of the coffee houses", at.FOURTH, SALES),
        rejected(45, Rejection.MISSING_CONSENT, "Nobody at the customer has signed.", by=RUNE),
    ),
    Story(
        draft("Mail of the ski house", at.ALPINE, EXCHANGE),
        (
            *filed(20),
            *started(19),
            *asks(working(17, "10:40"), ROSA, {Request.DATES: "2019"}, "The contract ended years ago."),
            Step(night_after(working(12, "10:40"), 0), None, deadline_passes),
        ),
    ),
    Story(
        draft("Devices in the laboratory", at.TREY, INTUNE),
        (
            *approved(8),
            Step(
                working(5, "16:35"),
                GITA,
                verb(operations.withdraw, Withdrawal.INCORRECT_MPN_ID, comment="It belongs to Stockholm."),
            ),
        ),
    ),
    Story(
        draft("Plants and finance", at.WORKS, FINANCE, CENTRAL),
        (
            *approved(6),
            *denies(4, Denial.NOT_THESE_PRODUCTS, "Finance is looked after by another house."),
        ),
    ),
    Story(
        draft("Toys on the road", at.WINGTIP, FIELD),
        (
            *approved(12, by=RUNE),
            *denies(10, Denial.NONE_GIVEN, way=Way.MAIL_CLIENT, at="07:55"),
        ),
    ),
    Story(
        draft("Licences of the publisher", at.PROSEWARE, EXCHANGE),
        (
            *passed(27),
            *denies(9, Denial.NO_LONGER_OUR_PARTNER, "Until June only."),
        ),
    ),
    Story(
        draft("Service of the insurer", at.INSURANCE, SERVICE),
        (
            *rejected(30, Rejection.INSUFFICIENT_PROOF, "The form is empty."),
            *disputes(24, "It is filled in on our side; the program that made it hides the entries, it seems."),
            *takes_over(23),
            Step(
                working(21, "14:25"),
                RUNE,
                verb(operations.reject, Rejection.PROOF_UNAVAILABLE, "Nobody but you can see what is in this file."),
            ),
        ),
    ),
)

STORIES = (*CUSTOMER_IS_ASKED, *ASSESSED, *REJECTED)
