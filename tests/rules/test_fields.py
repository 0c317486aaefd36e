import pytest

from cpor_web.rules.editions import EDITIONS, Edition
from cpor_web.rules.fields import FIELDS, LABELS, editable, missing
from cpor_web.rules.statuses import Status

CORRECTABLE = {
    "mpn_id",
    "subscription_id",
    "products",
    "proof_date",
    "contact_name",
    "contact_title",
    "contact_email",
    "contact_language",
    "contact_reason",
    "second_name",
    "second_title",
    "second_email",
    "second_language",
    "second_reason",
    "partner_contact_name",
    "partner_contact_email",
}
"""What the partner may still correct after submission, by the guide."""

NEVER_AGAIN = {"name", "customer_name", "customer_domain", "tenant_id", "area", "activity"}

REQUIRED = [
    "name",
    "mpn_id",
    "customer_name",
    "customer_domain",
    "tenant_id",
    "area",
    "activity",
    "products",
    "contact_name",
    "contact_email",
    "contact_language",
    "partner_contact_name",
    "partner_contact_email",
]
FULL = {field.name: "something" for field in FIELDS}


def test_every_field_is_there_once_with_a_label_of_its_own() -> None:
    assert {field.name for field in FIELDS} == CORRECTABLE | NEVER_AGAIN
    assert len(FIELDS) == len(LABELS) == len(set(LABELS.values())) == len(CORRECTABLE | NEVER_AGAIN)


@pytest.mark.parametrize("edition", EDITIONS.values(), ids=EDITIONS.keys())
@pytest.mark.parametrize("status", Status)
def test_fields_are_edited_in_the_statuses_that_the_edition_names_and_in_no_others(
    status: Status, edition: Edition
) -> None:
    allowed = editable(status, edition.correctable_in)

    if status is Status.EDITING:
        assert allowed == CORRECTABLE | NEVER_AGAIN
    elif status in edition.correctable_in:
        assert allowed == CORRECTABLE
    else:
        assert allowed == set()


def test_the_editions_say_where_a_submitted_claim_can_be_corrected() -> None:
    waiting = Status.PARTNER_ACTION_REQUIRED

    assert EDITIONS["2020"].correctable_in == {Status.SUBMITTED, waiting}
    assert EDITIONS["2023"].correctable_in == {waiting}


def test_the_periods_of_the_editions_are_those_of_the_guide() -> None:
    old, new = EDITIONS["2020"].periods, EDITIONS["2023"].periods

    assert (old.submitted, old.review, old.partner, old.consent, old.dispute, old.decision) == (5, 5, 5, 7, 30, 10)
    assert (new.submitted, new.review, new.partner, new.consent, new.dispute, new.decision) == (5, 14, 14, 7, 30, 19)
    assert (old.dispute_review, new.dispute_review) == (5, 5)


def test_a_full_claim_misses_nothing() -> None:
    assert missing(FULL, needs_subscription=True) == ()


def test_an_empty_claim_misses_every_required_field_in_the_order_of_the_form() -> None:
    assert list(missing({}, needs_subscription=False)) == REQUIRED


@pytest.mark.parametrize("nothing", [None, "", ()])
def test_a_field_that_is_there_and_empty_is_missing(nothing: object) -> None:
    assert missing({**FULL, "activity": nothing}, needs_subscription=False) == ("activity",)


def test_a_subscription_id_is_missed_only_where_the_catalogue_needs_one() -> None:
    without = {**FULL, "subscription_id": None}

    assert missing(without, needs_subscription=True) == ("subscription_id",)
    assert missing(without, needs_subscription=False) == ()
