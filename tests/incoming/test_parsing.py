"""What a received mail says of itself, whoever wrote it."""

import base64
import email
import email.policy

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpor_web.incoming import keeping, mime, parsing
from cpor_web.incoming.parsing import parse
from cpor_web.incoming.reports import Fate
from tests.support import returned_mail
from tests.support.returned_mail import BACK, reply, report

CARLA = "carla@contoso.example.com"
NOTICE = "<0123456789abcdef@vendor.example.com>"


@pytest.mark.parametrize("write", [report, returned_mail.exchange, returned_mail.gmail])
def test_a_report_names_the_recipient_who_did_not_get_the_mail(write: object) -> None:
    said = parse(write(BACK, CARLA))  # type: ignore[operator]
    (delivery,) = said.deliveries
    assert CARLA in delivery.addresses
    assert (delivery.fate, delivery.status[:4]) == (Fate.FAILED, "5.1.")
    assert "550" in delivery.diagnostic
    assert BACK in said.addressed.lower()
    assert said.is_report


@pytest.mark.parametrize(
    ("action", "status", "fate"),
    [
        ("failed", "5.1.1", Fate.FAILED),
        ("failed", "5.2.2", Fate.FAILED),  # a full mailbox: this mail will not come
        ("Failed", "4.4.1", Fate.FAILED),  # given up after days
        ("failed (gone)", "5.0.0 (unknown)", Fate.FAILED),
        ("delayed", "4.4.1", Fate.DELAYED),
        ("", "5.1.1", Fate.FAILED),
        ("", "4.4.7", Fate.DELAYED),
        ("delivered", "2.0.0", Fate.OTHER),
        ("relayed", "2.0.0", Fate.OTHER),
        ("expanded", "2.0.0", Fate.OTHER),
        ("failed", "2.0.0", Fate.UNCLEAR),
        ("failed", "", Fate.UNCLEAR),
        ("failed", "nonsense", Fate.UNCLEAR),
        ("delayed", "5.1.1", Fate.UNCLEAR),
        ("exploded", "5.1.1", Fate.UNCLEAR),
    ],
)
def test_what_became_of_it_is_said_by_the_action_and_fits_the_status(action: str, status: str, fate: Fate) -> None:
    (delivery,) = parse(report(BACK, CARLA, action=action, status=status)).deliveries
    assert delivery.fate is fate


def test_a_report_can_be_about_several_recipients() -> None:
    block = f"Final-Recipient: rfc822; {CARLA}\n".encode()
    others = b"Final-Recipient: rfc822; other@example.com\nAction: delivered\nStatus: 2.0.0\n\n"
    said = parse(report(BACK, CARLA).replace(block, others + block))
    assert [each.fate for each in said.deliveries] == [Fate.OTHER, Fate.FAILED]


def test_what_a_report_gives_back_is_known_by_its_message_id() -> None:
    assert parse(report(BACK, CARLA, returned=f"Message-ID: {NOTICE}\n\nx\n".encode())).returned_id == NOTICE


def test_a_report_in_base64_is_read() -> None:
    status = b"Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; c@d\nAction: failed\nStatus: 5.1.1\n"
    raw = (
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        b"--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(status)
        + b"--b--\n"
    )
    (delivery,) = parse(raw).deliveries
    assert (delivery.addresses, delivery.fate) == ({"c@d"}, Fate.FAILED)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "bulk"},
        {"Precedence": "auto_reply"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "Away"},
        {"Return_Path": "<>"},
    ],
)
def test_a_programs_answer_is_known_by_its_headers(headers: dict[str, str]) -> None:
    assert parse(reply(CARLA, "I am away.", answers=NOTICE, **headers)).is_automatic


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Auto_Submitted": "no"},
        {"Auto_Submitted": "No (typed)"},
        {"Precedence": "first-class"},
        {"X_Auto_Response_Suppress": "All"},  # some put it on everything that people write
        {"Return_Path": f"<{CARLA}>"},
        {"List_Id": "IT <it.contoso.example.com>"},
    ],
)
def test_a_persons_answer_is_not_taken_for_a_programs(headers: dict[str, str]) -> None:
    said = parse(reply(CARLA, "Who are they?", answers=NOTICE, **headers))
    assert not said.is_automatic
    assert (said.sender, said.answers, said.words) == (CARLA, (NOTICE,), "Who are they?")


def test_a_daemon_is_no_person() -> None:
    assert parse(reply("MAILER-DAEMON@example.com", "failure notice")).is_from_a_robot


@pytest.mark.parametrize("person", ["arno-reply@contoso.example.com", "anna.postmaster@contoso.example.com"])
def test_a_person_whose_address_ends_like_a_programs_is_one(person: str) -> None:
    assert not parse(reply(person, "Who are they?", answers=NOTICE)).is_from_a_robot


def test_the_nearest_mail_that_an_answer_answers_comes_first() -> None:
    raw = b"In-Reply-To: <near@x>\nReferences: <first@x>\n <second@x> <near@x>\n\nHello"
    assert parse(raw).answers == ("<near@x>", "<second@x>", "<first@x>")


def test_quoted_lines_are_left_out_and_html_is_read_where_there_is_no_text() -> None:
    assert parse(reply(CARLA, "No.\n\n> You can deny it.\n> Really.\n\nCarla")).words == "No.\n\nCarla"
    page = "<html><head><title>x</title><style>p{}</style></head><p>No,&nbsp;<b>never</b></p><p>Carla</p></html>"
    assert parse(reply(CARLA, " ", html=page)).words == "No, never\nCarla"


@pytest.mark.parametrize("charset", ["punycode", "no-such", "rot13", "utf-7", "unicode-escape", "x\0y", "idna"])
def test_a_charset_that_lies_does_no_harm(charset: str) -> None:
    raw = f"Content-Type: text/plain; charset={charset}\n\nNo \\ud800 +2AA- thanks".encode()
    words = parse(raw).words
    assert "thanks" in words
    words.encode()


def test_a_mail_of_many_and_deep_parts_is_read_within_bounds() -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5000))
    wide = b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\n\n" * 100_000
    nested = b"Content-Type: message/rfc822\n\n" * 30_000
    blocks = b'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/delivery-status\n\n'
    for raw in (deep, wide, nested, blocks + b"\n" * 500_000, blocks + b"Final-Recipient: x;a@b\n\n" * 40_000):
        found = mime.parts(raw)
        assert len(found) <= mime.MOST_PARTS
        assert max(part.depth for part in found) <= mime.MOST_DEPTH
        assert len(parse(raw).deliveries) <= 101
        assert len(keeping.kept(raw)) <= keeping.LONGEST


_PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/report; boundary=b\n",
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: text/plain; charset*=utf-16''x; charset=\"\n",
        b"Content-Type: text/html; charset=utf-7\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"Content-Disposition: attachment; filename*0*=x''%ff\n",
        b'From: =?utf-8?q?=00?= <a@b>, "\\\n',
        b"From: \xff\xfe\n",
        b"To: returns+1-0000000000000000000000@vendor.example.com\n",
        b"In-Reply-To: <a@b>\n",
        b"Final-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n",
        b"--b\n",
        b"--b--\n",
        b"\n",
        b"\r\n",
        b"<html><!--<script>&#0;&#xd800;",
        b"=3D=\n=00=",
        b"+2AA-\x00",
        b"AAAQIDBAUGBwgJCgsMDQ4P~w0oSpyYPDBIzmKrVnhu0Nw",
    ]
)


@settings(max_examples=300)
@example(b"Content-Type: multipart/report; boundary=b\n\t\x80")  # a boundary that is not ASCII
@given(st.lists(_PIECES | st.binary(max_size=40), max_size=25).map(b"".join))
def test_no_bytes_whatever_are_an_error(raw: bytes) -> None:
    said = parsing._parse(raw)  # also without the net that is below `parse`
    assert "\0" not in said.words + said.sender + said.addressed
    (said.words + said.sender + said.addressed + said.returned_id).encode()
    kept = b"".join(keeping._kept_pieces(raw))
    assert keeping.kept(raw)[: len(kept)] is not None
    assert len(keeping.digest(raw)) == 32


def test_a_header_of_endless_parameters_loses_them_and_keeps_its_kind() -> None:
    raw = b'Content-Type: multipart/mixed; x="' + b";" * 20_000 + b"\r\n\r\n--a\r\n\r\nYes.\r\n--a--\r\n"
    (only,) = mime.parts(raw)
    assert only.type == "multipart/mixed"
    assert len(str(only.headers["Content-Type"])) < 100


def test_of_a_page_of_half_open_tags_only_its_beginning_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    without = parsing._without_markup
    monkeypatch.setattr(parsing, "_without_markup", lambda page: read.append(len(page)) or without(page))
    parse(b"From: a@example.org\r\nContent-Type: text/html\r\n\r\n" + b"<a " * 30_000)
    assert read == [parsing.LONGEST_PAGE]


def test_what_cannot_be_taken_apart_is_still_read_for_what_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_raw: bytes) -> None:
        raise IndexError

    monkeypatch.setattr(mime, "parts", fail)
    said = parse(reply(CARLA, "No.", to=BACK, answers=NOTICE))
    assert NOTICE in said.answers
    assert BACK in said.addressed
    assert not said.is_automatic
    assert b"Subject: Re: Teams" in keeping.kept(reply(CARLA, "No."))


def test_the_corpus_is_what_the_standard_library_reads_too() -> None:
    for write in (report, returned_mail.exchange, returned_mail.gmail):
        mail = email.message_from_bytes(write(BACK, CARLA), policy=email.policy.default)
        kinds = [part.get_content_type() for part in mail.iter_parts()]
        assert kinds[1] == "message/delivery-status"
        assert len(kinds) == 3
        assert [p.type for p in mime.parts(write(BACK, CARLA)) if p.depth == 1] == kinds
