"""Signatures, against the specification of Standard Webhooks."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from cpor_web.assessment.signatures import TOLERANCE, headers, is_signed

SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = base64.b64encode(b"another key, of 32 bytes or more").decode()
KEY = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'
AT = datetime.fromtimestamp(1614265330, UTC)
SECOND = timedelta(seconds=1)


def test_the_signature_is_that_of_the_specifications_example() -> None:
    made = headers([SECRET], KEY, BODY, at=AT)

    assert made == {
        "webhook-id": KEY,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("ring", [[SECRET], [OTHER, SECRET], [SECRET, OTHER]])
def test_what_any_key_of_the_ring_signed_is_taken(ring: list[str]) -> None:
    assert is_signed(ring, headers([SECRET], KEY, BODY, at=AT), BODY, now=AT)
    assert is_signed([SECRET], headers(ring, KEY, BODY, at=AT), BODY, now=AT)


@pytest.mark.parametrize("apart", [TOLERANCE, -TOLERANCE])
def test_a_message_counts_within_five_minutes_of_our_clock_and_not_a_second_longer(apart: timedelta) -> None:
    further = SECOND if apart > timedelta() else -SECOND
    made = headers([SECRET], KEY, BODY, at=AT)

    assert is_signed([SECRET], made, BODY, now=AT + apart)
    assert not is_signed([SECRET], made, BODY, now=AT + apart + further)


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-id": KEY + ".1614265330"},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "1614265330.0"},
        {"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "9" * 30},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v1,ü"},
    ],
)
def test_headers_that_say_something_else_are_refused(wrong: dict[str, str]) -> None:
    assert not is_signed([SECRET], {**headers([SECRET], KEY, BODY, at=AT), **wrong}, BODY, now=AT)


def test_another_body_another_key_and_no_key_are_refused() -> None:
    made = headers([SECRET], KEY, BODY, at=AT)

    assert not is_signed([SECRET], made, BODY + b" ", now=AT)
    assert not is_signed([OTHER], made, BODY, now=AT)
    assert not is_signed([], made, BODY, now=AT)
    assert not is_signed([SECRET], {}, BODY, now=AT)
