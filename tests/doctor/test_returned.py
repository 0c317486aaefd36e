"""A copy from the recipient's mailbox: its signatures, what they cover, what the mailbox says, and the folding."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_
from hypothesis import strategies as st

from cpor_web.config import Settings
from cpor_web.doctor import names as names_module
from cpor_web.doctor.findings import Finding, Mark
from cpor_web.doctor.letters import letters
from cpor_web.doctor.names import Names
from cpor_web.doctor.returned import returned_copy
from cpor_web.emails.dkim import DkimSigner
from cpor_web.keys import dkim as dkim_keys
from cpor_web.programme import Programme
from tests.doctor.conftest import NOW
from tests.support.dkim import write_key
from tests.support.dns_server import NameServer

SAYS = b"Authentication-Results: mx.mailbox.example.org; spf=pass smtp.mailfrom=x; dkim=pass; dmarc=pass\r\n"
RECEIVED = b"Received: from a (b)\r\n\tby c; Fri, 27 Nov 2026 09:30:00 +0000\r\n"


def notice(settings: Settings, signer: DkimSigner | None, kind: str = "consent-notice") -> bytes:
    programme = Programme.from_settings(settings)
    (letter,) = letters(programme, signer, to="a@example.org", language="de", now=NOW, kinds=[kind])
    return SAYS + RECEIVED + letter.message


def about(findings: list[Finding], what: str) -> Finding:
    (finding,) = (finding for finding in findings if finding.about == f"copy: {what}")
    return finding


def test_a_copy_that_came_through_is_all_ok(sound: Settings, signer: DkimSigner, names: Names) -> None:
    findings = returned_copy(notice(sound, signer), sound, names)

    assert {finding.mark for finding in findings} == {Mark.OK}
    assert "covers both one-click headers" in about(findings, "signature").words
    assert [finding.about for finding in findings[2:]] == ["copy: spf", "copy: dkim", "copy: dmarc"]


@pytest.mark.parametrize("saved_with", [b"\n", b"\r\n"])
def test_line_ends_of_the_file_do_not_matter(
    sound: Settings, signer: DkimSigner, names: Names, saved_with: bytes
) -> None:
    saved = notice(sound, signer).replace(b"\r\n", saved_with)

    assert about(returned_copy(saved, sound, names), "signature").mark is Mark.OK


def test_an_ed25519_signature_is_verified(sound: Settings, name_server: NameServer, tmp_path: Path) -> None:
    signer = DkimSigner("test-vendor.com", "new", dkim_keys.read(write_key(tmp_path)))
    name_server.records["new._domainkey.test-vendor.com", "TXT"] = [dkim_keys.strings(signer.key.record)]

    findings = returned_copy(notice(sound, signer), sound, Names(name_server.address))

    assert about(findings, "signature").mark is Mark.OK
    assert "selector new" in about(findings, "signature").words


def test_a_signature_that_leaves_out_one_header_is_wrong(
    sound: Settings, names: Names, signer: DkimSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Careless(DkimSigner):
        def signed(self, message: bytes, at: object) -> bytes:
            import dkim

            header = dkim.DKIM(message).sign(
                b"cpor", b"test-vendor.com", self.key.private, include_headers=["From", "List-Unsubscribe"]
            )
            return bytes(header) + message

    findings = returned_copy(notice(sound, Careless("", "", signer.key)), sound, names)

    assert about(findings, "signature").mark is Mark.WRONG
    assert "does not cover List-Unsubscribe-Post" in about(findings, "signature").words


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (rb"\r\n\r\n--=_", b"\r\n\r\nA footer\r\n--=_"),
        (rb"Subject: ", b"Subject: [external] "),
        (rb" b=\w", b" b=%"),
    ],
)
def test_a_mail_changed_on_the_way_is_wrong(
    sound: Settings, signer: DkimSigner, names: Names, before: bytes, after: bytes
) -> None:
    changed, count = re.subn(before, after, notice(sound, signer), count=1)
    assert count == 1

    assert about(returned_copy(changed, sound, names), "signature").mark is Mark.WRONG


def test_no_signature_is_wrong_and_says_where_to_sign(sound: Settings, names: Names) -> None:
    finding = about(returned_copy(notice(sound, None), sound, names), "signature")

    assert finding.mark is Mark.WRONG
    assert "CPOR_DKIM_DOMAIN" in finding.do


def test_a_signature_without_a_record_is_wrong(
    sound: Settings, signer: DkimSigner, name_server: NameServer, names: Names
) -> None:
    del name_server.records["cpor._domainkey.test-vendor.com", "TXT"]
    finding = about(returned_copy(notice(sound, signer), sound, names), "signature")

    assert finding.mark is Mark.WRONG
    assert "no record" in finding.words


def test_of_a_signature_whose_record_nobody_tells_nothing_is_known(
    sound: Settings, signer: DkimSigner, name_server: NameServer, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    name_server.is_silent = True
    monkeypatch.setattr(names_module, "PATIENCE", 0.3)

    finding = about(returned_copy(notice(sound, signer), sound, names), "signature")

    assert finding.mark is Mark.LOOK
    assert "does not answer" in finding.words


def test_a_signature_of_another_domain_counts_for_nothing(sound: Settings, signer: DkimSigner, names: Names) -> None:
    other = replace(sound, mail_from="cpor@elsewhere.example.org", return_address="")

    assert about(returned_copy(notice(sound, signer), other, names), "signature").mark is Mark.LOOK


def test_every_signature_is_told(sound: Settings, signer: DkimSigner, names: Names) -> None:
    theirs = replace(signer, domain="relay.example.org")
    twice = theirs.signed(notice(sound, signer).removeprefix(SAYS), NOW)

    marks = [each.mark for each in returned_copy(twice, sound, names) if each.about == "copy: signature"]
    assert marks == [Mark.WRONG, Mark.OK], "there is no record of relay.example.org"


def test_headers_folded_on_the_way_are_wrong_though_the_signature_holds(
    sound: Settings, signer: DkimSigner, names: Names
) -> None:
    folded = notice(sound, signer).replace(b"List-Unsubscribe: <", b"List-Unsubscribe:\r\n <")
    findings = returned_copy(folded, sound, names)

    assert about(findings, "signature").mark is Mark.OK
    assert about(findings, "one-click").mark is Mark.WRONG
    assert "folded" in about(findings, "one-click").words


def test_the_copy_of_a_mail_that_asks_nothing_says_nothing_of_one_click(
    sound: Settings, signer: DkimSigner, names: Names
) -> None:
    findings = returned_copy(notice(sound, signer, "approved"), sound, names)

    assert about(findings, "signature").words.endswith("is valid")
    assert about(findings, "one-click").mark is Mark.LOOK


@pytest.mark.parametrize(
    ("said", "marks"),
    [
        (b"x; spf=softfail; dkim=pass; dmarc=fail (p=reject)", [Mark.WRONG, Mark.OK, Mark.WRONG]),
        (b"x; spf=none; dkim=neutral", [Mark.LOOK, Mark.LOOK, Mark.LOOK]),
        (b"x; dkim=fail; dkim=pass; arc=fail; spf=pass;\r\n dmarc=pass", [Mark.OK, Mark.OK, Mark.OK]),
        (b"x; none", [Mark.LOOK, Mark.LOOK, Mark.LOOK]),
    ],
)
def test_what_the_mailbox_says_is_told(
    sound: Settings, signer: DkimSigner, names: Names, said: bytes, marks: list[Mark]
) -> None:
    copy = b"Authentication-Results: " + said + b"\r\n" + notice(sound, signer).removeprefix(SAYS)
    findings = returned_copy(copy, sound, names)

    assert [about(findings, method).mark for method in ("spf", "dkim", "dmarc")] == marks


def test_a_mailbox_that_says_nothing_is_looked_at(sound: Settings, signer: DkimSigner, names: Names) -> None:
    findings = returned_copy(notice(sound, signer).removeprefix(SAYS), sound, names)

    assert about(findings, "mailbox says").mark is Mark.LOOK


@pytest.mark.parametrize(
    "saved",
    [
        b"",
        b"Hello, this is the text only",
        b"\x89PNG\r\n\x1a\n",
        b"DKIM-Signature: \xff",
        b"a@example.org b@example.org\r\nFrom: a@example.org\r\n\r\n",
    ],
)
def test_a_file_that_is_no_mail_is_told(sound: Settings, names: Names, saved: bytes) -> None:
    (finding,) = returned_copy(saved, sound, names)

    assert (finding.mark, finding.about) == (Mark.WRONG, "copy")


@pytest.mark.parametrize(
    "signature", [b"", b"v=1; a=rsa-sha256; d=", b"\xff\xfe", b"v=1; a=x; b=y; bh=z; d=a.org; h=from; s=s"]
)
def test_a_signature_that_is_rubbish_is_told(sound: Settings, names: Names, signature: bytes) -> None:
    copy = b"DKIM-Signature: " + signature + b"\r\n" + notice(sound, None)

    assert about(returned_copy(copy, sound, names), "signature").mark is Mark.WRONG


@settings_(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_signature_however_odd_is_a_traceback(
    sound: Settings, signer: DkimSigner, names: Names, data: st.DataObject
) -> None:
    mail = notice(sound, None)
    head = signer.signed(mail, NOW).removesuffix(mail)
    place = data.draw(st.integers(15, len(head) - 3))
    odd = data.draw(
        st.sampled_from([b"", b";", b"=", b";;", b"; h=", b"; d=\xff", b"; l=-1;", b"; x=1;"]) | st.binary(max_size=6)
    )
    changed = head[:place] + re.sub(rb"[\r\n]", b"", odd) + head[place + data.draw(st.integers(0, 8)) : -2] + b"\r\n"

    assert returned_copy(changed + mail, sound, names)
