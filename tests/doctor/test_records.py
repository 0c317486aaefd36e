"""The records of the sender's domain: what is right is said to be, what is not is told with what to publish."""

from dataclasses import replace

import pytest

from cpor_web.config import Settings
from cpor_web.doctor import names as names_module
from cpor_web.doctor.findings import Finding, Mark
from cpor_web.doctor.names import Names, Silent
from cpor_web.doctor.records import records
from cpor_web.emails.dkim import DkimSigner
from tests.support.dns_server import NameServer

VENDOR = "vendor.test-vendor.com"


def found(settings: Settings, signer: DkimSigner | None, names: Names, about: str) -> Finding:
    (finding,) = (finding for finding in records(settings, signer, names) if finding.about.startswith(about))
    return finding


def test_a_domain_in_order_is_all_ok(sound: Settings, signer: DkimSigner, names: Names) -> None:
    findings = records(sound, signer, names)

    assert [(each.mark, each.about) for each in findings] == [
        (Mark.OK, "MX test-vendor.com"),
        (Mark.OK, f"MX {VENDOR}"),
        (Mark.OK, f"SPF {VENDOR}"),
        (Mark.OK, "DKIM cpor"),
        (Mark.OK, f"DMARC {VENDOR}"),
    ]
    assert findings[1].words == "mx1.test-vendor.com, mx2.test-vendor.com"


def test_where_the_relay_signs_no_record_of_ours_is_looked_for(sound: Settings, names: Names) -> None:
    assert not any(each.about.startswith("DKIM") for each in records(sound, None, names))


@pytest.mark.parametrize(
    ("published", "mark", "words"),
    [
        ([], Mark.WRONG, "has none"),
        (['"v=spf10 -all"'], Mark.WRONG, "has none"),
        (['"v=spf1 -all"', '"V=SPF1 ~all"'], Mark.WRONG, "has 2"),
        (['"v=spf1 mx +all"'], Mark.WRONG, "everybody"),
        (['"v=spf1 mx all"'], Mark.WRONG, "everybody"),
        (['"v=spf1 mx ?all"'], Mark.LOOK, "does not end"),
        (['"v=spf1 mx"'], Mark.LOOK, "does not end"),
        (['"v=spf1 redirect=_spf.example.net"'], Mark.OK, "redirect"),
        (['"v=spf1 include:_spf." "example.net ~all"'], Mark.OK, "_spf.example.net ~all"),
    ],
)
def test_spf(
    sound: Settings, signer: DkimSigner, name_server: NameServer, published: list[str], mark: Mark, words: str
) -> None:
    name_server.records[VENDOR, "TXT"] = published or ['"other"']

    finding = found(sound, signer, Names(name_server.address), "SPF")

    assert (finding.mark, words in finding.words) == (mark, True), finding


def test_spf_is_that_of_the_return_address(sound: Settings, signer: DkimSigner, names: Names) -> None:
    elsewhere = replace(sound, return_address="returns@other.test-vendor.com")

    assert found(elsewhere, signer, names, "SPF other.test-vendor.com").mark is Mark.WRONG


@pytest.mark.parametrize(
    ("published", "words"),
    [(None, "no record"), ('"v=DKIM1; k=rsa; p=AAAA"', "not of our key"), ('"p=%"', "not of our")],
)
def test_a_dkim_record_that_is_not_ours_is_told(
    sound: Settings, signer: DkimSigner, name_server: NameServer, published: str | None, words: str
) -> None:
    place = ("cpor._domainkey.test-vendor.com", "TXT")
    name_server.records.pop(place)
    if published:
        name_server.records[place] = [published]

    finding = found(sound, signer, Names(name_server.address), "DKIM")

    assert finding.mark is Mark.WRONG
    assert words in finding.words
    assert "record below" in finding.do


def test_a_dmarc_record_is_found_above(sound: Settings, signer: DkimSigner, name_server: NameServer) -> None:
    names = Names(name_server.address)
    assert "_dmarc.test-vendor.com" in found(sound, signer, names, "DMARC").words

    name_server.records["_dmarc.vendor.test-vendor.com", "TXT"] = ['"v=DMARC1; p=none"']
    assert found(sound, signer, names, "DMARC").words == "v=DMARC1; p=none (at _dmarc.vendor.test-vendor.com)"


@pytest.mark.parametrize(
    ("published", "mark"),
    [
        (['"something else"'], Mark.LOOK),
        (['"v=DMARC1"'], Mark.WRONG),
        (['"v=DMARC1; p=maybe"'], Mark.WRONG),
        (['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'], Mark.WRONG),
    ],
)
def test_dmarc_that_says_nothing(
    sound: Settings, signer: DkimSigner, name_server: NameServer, published: list[str], mark: Mark
) -> None:
    name_server.records["_dmarc.test-vendor.com", "TXT"] = published

    assert found(sound, signer, Names(name_server.address), "DMARC").mark is mark


@pytest.mark.parametrize(
    ("kind", "published", "mark"),
    [
        ("MX", ["0 ."], Mark.WRONG),
        ("A", ["192.0.2.1"], Mark.LOOK),
        ("AAAA", ["2001:db8::1"], Mark.LOOK),
        ("", [], Mark.WRONG),
    ],
)
def test_a_domain_that_takes_no_mail(
    sound: Settings, signer: DkimSigner, name_server: NameServer, kind: str, published: list[str], mark: Mark
) -> None:
    del name_server.records[VENDOR, "MX"]
    if kind:
        name_server.records[VENDOR, kind] = published

    assert found(sound, signer, Names(name_server.address), f"MX {VENDOR}").mark is mark


@pytest.mark.parametrize("trouble", ["silent", "broken"])
def test_a_dns_that_does_not_answer_is_said_so_once_and_is_no_failure(
    sound: Settings, signer: DkimSigner, name_server: NameServer, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    name_server.is_silent, name_server.is_broken = trouble == "silent", trouble == "broken"
    monkeypatch.setattr(names_module, "PATIENCE", 0.3)

    (finding,) = records(sound, signer, Names(name_server.address))

    assert (finding.mark, finding.about) == (Mark.LOOK, "DNS")
    assert "does not answer from here" in finding.words


def test_nobody_listening_is_silence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_module, "PATIENCE", 0.3)

    with pytest.raises(Silent):
        Names("127.0.0.1:1").texts("vendor.test-vendor.com")


def test_what_is_no_name_server_is_refused() -> None:
    with pytest.raises(ValueError, match="IPv4"):
        Names("ns1.example.org")
