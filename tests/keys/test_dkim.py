"""A key that signs mail is read, or what is wrong with its file is said at the start."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_der_public_key,
)

from cpor_web.config import ConfigError, Settings
from cpor_web.keys import dkim as dkim_keys
from tests.config.test_config import GOOD
from tests.support.dkim import rsa, write_key

SIGNING = {
    **GOOD,
    "CPOR_MAIL_FROM": "claims@mail.vendor.example.com",
    "CPOR_DKIM_DOMAIN": "vendor.example.com",
}


def problems(**changes: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        Settings.from_environ({**SIGNING, **{f"CPOR_{name.upper()}": text for name, text in changes.items()}})
    return refused.value.problems


def test_the_record_of_an_rsa_key_is_its_public_half(tmp_path: Path) -> None:
    private = rsa(2048)
    key = dkim_keys.read(write_key(tmp_path, private))

    assert key.record == f"v=DKIM1; k=rsa; p={key.public}"
    assert load_der_public_key(base64.b64decode(key.public)) == private.public_key()


def test_the_record_of_an_ed25519_key_is_its_32_bytes(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    key = dkim_keys.read(write_key(tmp_path, private))

    assert key.record == f"v=DKIM1; k=ed25519; p={key.public}"
    assert base64.b64decode(key.public) == private.public_key().public_bytes_raw()


def test_a_long_record_is_published_in_strings_of_255(tmp_path: Path) -> None:
    record = dkim_keys.read(write_key(tmp_path, rsa(4096))).record
    parts = dkim_keys.strings(record).removeprefix('"').removesuffix('"').split('" "')

    assert "".join(parts) == record
    assert max(map(len, parts)) == 255


def test_the_key_is_in_no_repr(tmp_path: Path) -> None:
    assert dkim_keys.read(write_key(tmp_path)).private.decode() not in repr(dkim_keys.read(write_key(tmp_path)))


@pytest.mark.parametrize("key", ["rsa", "ed25519"])
def test_a_good_key_of_the_senders_domain_is_taken(tmp_path: Path, key: str) -> None:
    file = write_key(tmp_path, rsa(2048) if key == "rsa" else None)

    assert Settings.from_environ({**SIGNING, "CPOR_DKIM_KEY_FILE": str(file)}).dkim_key_file == str(file)


def test_a_domain_without_a_key_is_told_and_the_other_way_round(tmp_path: Path) -> None:
    assert "CPOR_DKIM_KEY_FILE is not set" in problems()[0]
    assert problems(dkim_domain="", dkim_key_file=str(write_key(tmp_path))) == [
        "CPOR_DKIM_KEY_FILE needs CPOR_DKIM_DOMAIN."
    ]


@pytest.mark.parametrize("domain", ["example.org", "r.example.com", "other.mail.vendor.example.com"])
def test_a_domain_that_is_not_the_senders_is_told(tmp_path: Path, domain: str) -> None:
    (problem,) = problems(dkim_domain=domain, dkim_key_file=str(write_key(tmp_path)))

    assert "domain of CPOR_MAIL_FROM" in problem


@pytest.mark.parametrize(("name", "text"), [("dkim_domain", "vendor"), ("dkim_domain", "ä.example.com")])
def test_what_is_no_domain_is_told(tmp_path: Path, name: str, text: str) -> None:
    assert "CPOR_DKIM_DOMAIN must be a domain" in problems(**{name: text})[0]


def test_what_is_no_selector_is_told(tmp_path: Path) -> None:
    (problem,) = problems(dkim_selector="one two", dkim_key_file=str(write_key(tmp_path)))

    assert "CPOR_DKIM_SELECTOR must be letters" in problem


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert problems(dkim_key_file=str(tmp_path / "none.pem")) == [
        f"CPOR_DKIM_KEY_FILE: {tmp_path / 'none.pem'} is not there."
    ]


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    assert "cannot be read: Is a directory." in problems(dkim_key_file=str(tmp_path))[0]


def test_a_file_that_everybody_can_read_is_told(tmp_path: Path) -> None:
    assert "read by everybody" in problems(dkim_key_file=str(write_key(tmp_path, mode=0o644)))[0]


def test_a_key_that_is_too_short_or_of_another_kind_is_told(tmp_path: Path) -> None:
    curve = generate_private_key(SECP256R1())

    for key in (rsa(1024), curve):
        file = write_key(tmp_path, key)
        assert "RSA key of 2048 to 4096 bits" in problems(dkim_key_file=str(file))[0]


@pytest.mark.parametrize("form", ["public", "password", "words", "empty"])
def test_what_is_no_open_private_key_is_told(tmp_path: Path, form: str) -> None:
    private = Ed25519PrivateKey.generate()
    file = write_key(tmp_path, private)
    pem = file.read_bytes()
    file.write_bytes(
        {
            "public": pem.replace(b"PRIVATE", b"PUBLIC"),
            "password": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
            "words": b"a key",
            "empty": b"",
        }[form]
    )

    assert "not a private key in PEM without a password" in problems(dkim_key_file=str(file))[0]
