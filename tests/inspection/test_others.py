"""Pictures and saved mails: too large, damaged or with programs in them they are refused."""

import pytest

from cpor_web.inspection import images
from cpor_web.inspection.findings import Finding
from tests.support.proof import PDF, huge_png, mail, outlook, picture

FILE_NAME = "__attach_version1.0_#00000000/__substg1.0_3707001F"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_is_taken(found, kind: str) -> None:
    assert found(kind, picture(kind)) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_of_another_kind_or_of_none_is_refused(found, kind: str) -> None:
    other = "JPEG" if kind != "JPEG" else "PNG"
    for content in (picture(other), picture(kind)[:16], b"", PDF):
        assert found(kind, content) is Finding.DAMAGED


def test_a_picture_with_more_pixels_than_a_page_is_refused_by_its_header(found) -> None:
    assert found("PNG", huge_png(60_000, 60_000)) is Finding.BOMB
    assert found("PNG", huge_png(10_000, 14_000)) is None


def test_a_scan_has_many_pages_but_not_without_end(found, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned = picture("TIFF", pages=5)
    assert found("TIFF", scanned) is None
    monkeypatch.setattr(images, "MOST_PAGES", 4)
    assert found("TIFF", scanned) is Finding.BOMB


@pytest.mark.parametrize("name", ["signed.pdf", "logo.png", "order.docx", "", "no ending"])
def test_a_mail_with_documents_is_taken(found, name: str) -> None:
    assert found("eml", mail((name, b"x"))) is None
    assert found("msg", outlook({FILE_NAME: name.encode("utf-16-le")})) is None


@pytest.mark.parametrize(
    "name", ["setup.exe", "order.pdf.js", "ORDER.DOCM", "order.exe. ", "größe.scr", "a\\b.lnk", "prices.xll"]
)
def test_a_mail_with_a_program_is_refused(found, name: str) -> None:
    assert found("eml", mail(("a.pdf", b"x"), (name, b"x"))) is Finding.PROGRAM
    assert found("msg", outlook({FILE_NAME: name.encode("utf-16-le")})) is Finding.PROGRAM


def test_a_program_within_a_forwarded_mail_is_found(found) -> None:
    inner = mail(("setup.exe", b"x")).decode()
    outer = f"From: a@example.org\nSubject: s\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n{inner}"
    assert found("eml", outer.encode()) is Finding.PROGRAM


def test_an_attachments_name_in_words_of_rfc_2047_is_read(found) -> None:
    coded = b'From: a@example.org\nContent-Disposition: attachment; filename="=?utf-8?q?setup=2Eexe?="\n\nx'
    assert found("eml", coded) is Finding.PROGRAM


@pytest.mark.parametrize(
    "headers",
    [
        'Content-Type: application/x; name="setup.exe"\nContent-Disposition: attachment; filename="a.txt"',
        'Content-Disposition: attachment; filename="a.txt"\nContent-Disposition: attachment; filename="setup.exe"',
        "Content-Disposition: attachment; filename=a.txt; filename*=utf-8''setup.exe",
        "Content-Disposition: attachment; filename*0=setup.e; filename*1=xe",
        'Content-Disposition: attachment; filename="setup.exe::$DATA"',
    ],
)
def test_an_attachment_is_a_program_by_any_of_its_names(found, headers: str) -> None:
    assert found("eml", f"From: a@example.org\n{headers}\n\nx".encode()) is Finding.PROGRAM


@pytest.mark.parametrize("charset", ["x-unknown", "utf-8", "hex", "iso-8859-15"])
def test_a_name_in_letters_that_nobody_knows_is_read_all_the_same(found, charset: str) -> None:
    coded = f'From: a@example.org\nContent-Disposition: attachment; filename="=?{charset}?q?setup=2Eexe?="\n\nx'
    assert found("eml", coded.encode()) is Finding.PROGRAM


def test_macros_within_an_outlook_mail_are_found(found) -> None:
    assert found("msg", outlook({"_VBA_PROJECT_CUR/dir": b"x"})) is Finding.MACROS


@pytest.mark.parametrize("content", [outlook()[:600], outlook()[:8], b"", PDF])
def test_a_broken_outlook_mail_is_refused(found, content: bytes) -> None:
    assert found("msg", content) is Finding.DAMAGED


def test_a_mail_of_endless_parts_is_refused(found) -> None:
    parts = "\n".join("--x\nContent-Type: text/plain\n\na" for _ in range(2_100))
    content = f"From: a@example.org\nContent-Type: multipart/mixed; boundary=x\n\n{parts}\n--x--\n"
    assert found("eml", content.encode()) is Finding.BOMB


@pytest.mark.parametrize(
    "cell", ["=cmd|'/C calc'!A0", "+cmd|'/C calc'!A0", "@SUM(1)*cmd|'/C calc'!A0", "\"=cmd|'/C calc'!A0\"", " =a|b!c"]
)
@pytest.mark.parametrize("before", ["", "name,", "name;", "a\tb\r\n", "x" * (2**18 - 4) + ","])
def test_a_table_that_starts_a_program_is_refused(found, cell: str, before: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        assert found("csv", f"{before}{cell},1".encode(encoding)) is Finding.LINKED


@pytest.mark.parametrize("text", ["a|b!", "=A1+B1,x|y", "-5,3|4", "tenant,product\n1,Teams!\n", "=1;a|b!c", ""])
def test_a_table_of_ordinary_cells_is_taken(found, text: str) -> None:
    assert found("csv", text.encode()) is None
