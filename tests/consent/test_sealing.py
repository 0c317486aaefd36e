"""A consent record that was tampered with, or signed by nobody known, is refused; whatever is brought is answered."""

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpor_web.consent import sealing
from cpor_web.consent.sealing import NotGenuine
from cpor_web.keys.signing import SigningKeys

KEYS = SigningKeys([secrets.token_urlsafe(32)])
RECORD: dict[str, Any] = {
    "type": "cpor consent record",
    "version": 1,
    "rounds": [{"number": 1, "end_rule": {"count": 7.0}}],
    "claim": {"customer": "Zoë & Søns — שלום"},
}


def sealed(record: dict[str, Any] = RECORD, keys: SigningKeys = KEYS) -> bytes:
    return json.dumps(sealing.seal(record, keys), ensure_ascii=False, indent=2).encode()


def refusal_of(raw: bytes) -> str:
    with pytest.raises(NotGenuine) as caught:
        sealing.read(raw, KEYS.public)
    return str(caught.value)


def test_what_was_sealed_is_read_however_it_is_laid_out() -> None:
    signature = sealing.seal(RECORD, KEYS)["signature"]
    other_way_round = json.dumps({"signature": signature, "record": dict(reversed(RECORD.items()))}).encode()

    for raw in (sealed(), other_way_round):
        genuine = sealing.read(raw, KEYS.public)
        assert genuine.record == RECORD
        assert genuine.key in KEYS.public


CHANGES: list[Callable[[dict[str, Any]], object]] = [
    lambda file: file["record"]["claim"].update(customer="Zoe"),
    lambda file: file["record"].update(more=1),
    lambda file: file["record"].pop("claim"),
    lambda file: file["record"]["rounds"].clear(),
    lambda file: file["record"]["rounds"][0]["end_rule"].update(count=7.5),
    lambda file: file["record"].update(version=2),
    lambda file: file["record"].update(big=2**60),
    lambda file: file["signature"].update(value="A" * 86),
    lambda file: file["signature"].update(value=None),
    lambda file: file["signature"].update(algorithm="none"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_record_that_was_changed_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    file = json.loads(sealed())
    change(file)

    assert refusal_of(json.dumps(file).encode()) == sealing.CHANGED


def test_a_strangers_signature_is_refused() -> None:
    assert refusal_of(sealed(keys=SigningKeys([secrets.token_urlsafe(32)]))) == sealing.NOT_OURS


@pytest.mark.parametrize("other", [{"type": "cpor history checkpoint v1"}, {"type": None}])
def test_what_the_same_key_signed_for_another_purpose_is_no_record(other: dict[str, Any]) -> None:
    assert refusal_of(sealed({**RECORD, **other})) == sealing.NO_RECORD


def test_a_record_of_a_newer_version_says_so() -> None:
    assert refusal_of(sealed({**RECORD, "version": 2})) == sealing.NEWER


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"record": {}}',
        b'{"record": [], "signature": {}}',
        b'{"record": {}, "signature": []}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"record":' * 5000,
        b"9" * 5000,
        b'{"record": {"a": NaN}, "signature": {}, "record": {}}',
        b" " * (sealing.LARGEST + 1),
    ],
)
def test_what_is_no_record_is_said_to_be_none(raw: bytes) -> None:
    assert refusal_of(raw) == sealing.NO_RECORD


def test_a_name_that_stands_twice_is_refused_though_one_of_the_two_was_signed() -> None:
    doubled = sealed().replace(b'"record": {', b'"record": {"version": 1, ', 1)

    assert refusal_of(doubled) == sealing.NO_RECORD


@pytest.mark.parametrize("inner", ["[" * 900 + "]" * 900, '"\\ud800"', "1e999", "NaN", "-0", "123456789012345678901"])
def test_what_has_no_canonical_form_is_refused(inner: str) -> None:
    key = next(iter(KEYS.public))
    signature = {"algorithm": "Ed25519", "key": key, "value": "A" * 86}
    raw = f'{{"record": {{"type": "cpor consent record", "a": {inner}}}, "signature": {json.dumps(signature)}}}'

    assert refusal_of(raw.encode()) in {sealing.CHANGED, sealing.NO_RECORD}


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(raw: bytes) -> None:
    assert refusal_of(raw) in {sealing.NO_RECORD, sealing.NOT_OURS}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=15,
)
halves = st.fixed_dictionaries(
    {}, optional={"record": json_values, "signature": json_values | st.just({"key": next(iter(KEYS.public))})}
)


@given(halves)
def test_any_json_is_answered(file: dict[str, Any]) -> None:
    assert refusal_of(json.dumps(file).encode()) in {sealing.NO_RECORD, sealing.NOT_OURS, sealing.CHANGED}


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=255))
def test_no_byte_of_what_is_signed_can_be_changed(at: int, byte: int) -> None:
    raw = bytearray(sealed())
    before = raw[at % len(raw)]
    raw[at % len(raw)] = byte

    try:
        read = sealing.read(bytes(raw), KEYS.public)
    except NotGenuine:
        return
    assert read.record == RECORD, (before, byte)
