import re

import pytest

from cpor_web.rules.reasons import (
    CUSTOMERS_CHOICE,
    REVIEWERS_CHOICE,
    Denial,
    Reason,
    Rejection,
    Request,
    Way,
    Withdrawal,
)

KINDS = (Request, Rejection, Withdrawal, Denial, Way)


def test_a_reviewer_asks_for_information_with_the_five_reasons_of_the_guide() -> None:
    assert [reason.label for reason in Request] == [
        "Missing all PoE",
        "Missing customer acknowledgment",
        "Missing or old dates",
        "Missing partner solution/service",
        "Missing products",
    ]


def test_every_reason_to_ask_says_what_it_means() -> None:
    assert all(reason.meaning.endswith(".") for reason in Request)


def test_a_claim_is_rejected_for_the_seven_reasons_of_the_guide_or_for_another_partners_claim() -> None:
    assert {reason.label for reason in Rejection} == {
        "Another partner's claim was approved over it",
        "Partner request",
        "Customer decline",
        "Insufficient proof of execution",
        "Missing customer consent on PoE",
        "Missing products",
        "No partner response",
        "PoE unavailable",
    }


def test_a_reviewer_chooses_among_four_and_the_others_happen() -> None:
    assert [reason.label for reason in REVIEWERS_CHOICE] == [
        "Insufficient proof of execution",
        "Missing customer consent on PoE",
        "Missing products",
        "PoE unavailable",
    ]
    assert set(Rejection) - set(REVIEWERS_CHOICE) == {
        Rejection.PARTNER_REQUEST,
        Rejection.CUSTOMER_DECLINE,
        Rejection.NO_PARTNER_RESPONSE,
        Rejection.REPLACED,
    }


def test_a_partner_asks_for_rejection_with_one_of_three() -> None:
    assert [reason.label for reason in Withdrawal] == [
        "Incorrect MPN ID",
        "Incorrect activity",
        "No longer working with the customer",
    ]


def test_a_customer_chooses_among_four_and_a_mail_client_gives_none() -> None:
    assert [reason.label for reason in CUSTOMERS_CHOICE] == [
        "Not our partner",
        "No longer our partner",
        "Not these products",
        "Other",
    ]
    assert set(Denial) - set(CUSTOMERS_CHOICE) == {Denial.NONE_GIVEN}


@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_value_is_a_word_for_machines_and_says_which_reason_it_was(kind: type[Reason]) -> None:
    for reason in kind:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", reason.value)
        assert kind(reason.value) is reason
        assert str(reason) == reason.value


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_reasons_read_alike(kind: type[Reason]) -> None:
    labels = [reason.label for reason in kind]

    assert len(labels) == len(set(labels))
    assert all(labels)
