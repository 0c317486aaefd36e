"""What a document must be: each check refuses with its reason, in order, and takes what is right."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from typing import IO

import pikepdf
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cpor_web import proofs
from cpor_web.inspection.__main__ import inspector
from cpor_web.inspection.findings import Finding, Found
from cpor_web.proofs import DocumentStore, Stored, examining
from cpor_web.proofs.checks import CHECKS, MIB, Candidate
from cpor_web.proofs.kinds import KINDS
from cpor_web.rules.exc import Invalid
from tests.support.proof import OLE, PDF, action, compound, examined, mail, office, outlook, pdf, picture

CONTENTS = {
    "pdf": PDF,
    "png": picture("PNG"),
    "jpg": picture("JPEG"),
    "jpeg": picture("JPEG", (16, 16)),
    "tif": picture("TIFF"),
    "tiff": picture("TIFF", pages=2),
    "docx": office("word"),
    "xlsx": office("xl"),
    "pptx": office("ppt"),
    "msg": outlook({"a stream before it": bytes(300_000)}),
    "eml": b"From: anna@fabrikam.example.org\r\nSubject: Signed\r\n\r\nYes.\r\n",
    "txt": "Unterschrieben: Größe 1\n".encode(),
    "csv": b"tenant,product\n1,Teams\n",
}
TEXTS = {"txt", "csv", "eml"}
SAME = ({"jpg", "jpeg"}, {"tif", "tiff"})
MIXED_UP = [
    (name, content)
    for name in CONTENTS
    for content in sorted(CONTENTS.keys() - TEXTS)
    if name != content and {name, content} not in SAME
]


class Nowhere(DocumentStore):
    """Reads what it is to store, and keeps nothing."""

    def store(
        self, stream: IO[bytes], *, filename: str, media_type: str, pages: Callable[[], int | None] = lambda: None
    ) -> Stored:
        content = stream.read(8 * MIB)
        return Stored(hashlib.sha256(content).hexdigest(), len(content), filename, media_type, pages())


def candidate(name: str | None, content: bytes, limit: int = MIB) -> Candidate:
    return Candidate.of(io.BytesIO(content), name, limit)


def taken(name: str | None, content: bytes, limit: int = MIB) -> Stored:
    return proofs.receive(Nowhere(""), io.BytesIO(content), filename=name, limit=limit)


def refusal(name: str | None, content: bytes, limit: int = MIB) -> Invalid:
    with pytest.raises(Invalid) as caught:
        taken(name, content, limit)
    assert caught.value.field_name == "document"
    return caught.value


@pytest.mark.parametrize("extension", CONTENTS)
def test_each_kind_is_taken_under_its_own_name(extension: str) -> None:
    stored = taken(f"Proof of work.{extension.upper()}", CONTENTS[extension])
    assert "/" in stored.media_type
    assert stored.sha256 == hashlib.sha256(CONTENTS[extension]).hexdigest(), "all of it is stored"


@pytest.mark.parametrize(("name", "content"), MIXED_UP)
def test_no_kind_is_taken_under_the_name_of_another(name: str, content: str) -> None:
    assert "as its name says" in refusal(f"proof.{name}", CONTENTS[content]).message


@pytest.mark.parametrize("name", sorted(CONTENTS.keys() - {"txt", "csv"}))
def test_a_text_is_taken_for_nothing_else(name: str) -> None:
    assert "as its name says" in refusal(f"proof.{name}", b"Signed by Anna.").message


def test_an_old_word_file_is_no_outlook_message() -> None:
    assert refusal("mail.msg", OLE + bytes(2000)).values == {"kind": "MSG"}


def test_a_mail_that_came_a_long_way_is_a_mail() -> None:
    passed_on = b"Received: from a.example.org by b.example.org; Mon, 2 Mar 2026 10:00:00 +0100\r\n"
    checked = b"Authentication-Results: b.example.org;\r\n\tspf=pass smtp.mailfrom=example.org\r\n"
    assert taken("proof.eml", (passed_on + checked) * 300 + CONTENTS["eml"]).media_type == "message/rfc822"


def test_any_zip_is_no_word_file() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("setup.exe", "MZ")
    assert refusal("proof.docx", packed.getvalue()).values == {"kind": "DOCX"}


@pytest.mark.parametrize("told", [None, 2])
def test_an_archive_with_a_huge_directory_is_refused_before_it_is_listed(
    told: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = io.BytesIO(office("word"))
    with zipfile.ZipFile(packed, "a") as archive:
        for number in range(25_000):
            archive.writestr(f"{number}", b"")
    content = bytearray(packed.getvalue())
    if told is not None:  # the archive may lie about how many there are
        content[-14:-10] = told.to_bytes(2, "little") * 2
    listed: list[zipfile.ZipInfo] = []
    monkeypatch.setattr(zipfile.ZipInfo, "_decodeExtra", lambda entry, *_: listed.append(entry))
    assert refusal("proof.docx", bytes(content), limit=8 * MIB).values == {"kind": "DOCX"}
    assert listed == []


def test_an_office_file_of_many_parts_is_taken() -> None:
    packed = io.BytesIO(office("ppt"))
    with zipfile.ZipFile(packed, "a") as archive:
        for number in range(5_000):
            archive.writestr(f"ppt/slides/_rels/slide{number}.xml.rels", b"<Relationships/>")
    assert taken("proof.pptx", packed.getvalue(), limit=8 * MIB)


@pytest.mark.parametrize("name", [None, "", "  ", "C:\\folder\\"])
def test_without_a_file_the_person_is_asked_to_choose_one(name: str | None) -> None:
    assert refusal(name, b"").message == "Choose a file first."


@pytest.mark.parametrize("name", ["proof\u202efdp.exe.pdf", "pro\nof.pdf", "pro\x00of.pdf", "proof\u200b.pdf"])
def test_a_name_with_what_cannot_be_seen_is_refused(name: str) -> None:
    assert "cannot be seen" in refusal(name, CONTENTS["pdf"]).message


def test_a_name_that_is_too_long_is_refused() -> None:
    assert "too long" in refusal("x" * 200 + ".pdf", CONTENTS["pdf"]).message


@pytest.mark.parametrize("name", ["proof.exe", "proof.html", "proof.svg", "proof", "proof.pdf.js", ".pdf"])
def test_other_types_are_refused_with_those_that_are_taken(name: str) -> None:
    assert "PDF, PNG" in str(refusal(name, CONTENTS["pdf"]))


def test_a_file_at_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    content = CONTENTS["txt"] + b"x" * MIB
    assert taken("proof.txt", content[:MIB])
    assert str(refusal("proof.txt", content[: MIB + 1])) == "The file is larger than 1 MiB."


def test_an_empty_file_is_refused() -> None:
    assert refusal("proof.txt", b"").message == "The file is empty."


def test_a_path_is_cut_down_to_the_name() -> None:
    assert candidate("C:\\Users\\anna\\Größe.pdf", b"").filename == "Größe.pdf"
    assert candidate("../../etc/passwd.txt", b"").filename == "passwd.txt"


def test_every_check_lets_a_good_document_pass() -> None:
    assert [each(candidate("proof.pdf", CONTENTS["pdf"])) for each in CHECKS] == [None] * len(CHECKS)


def test_a_word_file_with_a_password_is_told_from_what_is_none() -> None:
    locked = compound({"EncryptedPackage": b"x"})
    assert refusal("proof.docx", locked).message == examining.SENTENCES[Finding.ENCRYPTED]
    assert "as its name says" in refusal("proof.docx", compound({"WordDocument": b"x"})).message


@pytest.mark.parametrize("name", ["txt", "csv", "eml"])
@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><p>",
        b" \n<html>",
        b"\xef\xbb\xbf<!-- a --><svg onload='x'>",
        b"<?xml version='1.0'?><svg/>",
        "<script>".encode("utf-16"),
        b"{\\rtf1",
        b"ID;PWXL;N;E\r\nO;E\r\nNN;NAuto_open;ER1C1\r\nC;X1;Y1;EEXEC(1)\r\nE\r\n",
        b"From: a@example.org\nSubject: s\n\n%PDF-1.4",
        b"From: a@example.org\nSubject: s\n\n" + b"x" * 300_000 + b"\0",
        "From: a\0".encode("utf-16"),
        b"\xff\xfeF\0\0\xd8",
    ],
)
def test_what_is_not_text_to_its_end_is_no_text(name: str, content: bytes) -> None:
    assert "as its name says" in refusal(f"proof.{name}", content).message


@pytest.mark.parametrize(
    "text",
    [b"a <b> c", "Größe".encode("cp1252"), "Größe €".encode("utf-16"), b"<anna@example.org>", b"ID;Produkt\n1;Teams"],
)
def test_a_text_in_any_encoding_is_taken(text: bytes) -> None:
    assert taken("proof.txt", text).media_type == "text/plain"


def test_what_is_found_inside_is_told_in_words() -> None:
    running = pdf(lambda made: setattr(made.Root, "OpenAction", action("Launch")))
    assert refusal("proof.pdf", running).message == examining.SENTENCES[Finding.SCRIPTS]
    assert refusal("proof.eml", mail(("a.exe", b""))).message == examining.SENTENCES[Finding.PROGRAM]


def test_every_finding_has_its_sentence() -> None:
    assert set(examining.SENTENCES) == set(Finding)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A good document in which some bytes are others, or are missing."""
    content = bytearray(CONTENTS[draw(st.sampled_from(sorted(CONTENTS)))][:20_000])
    for _ in range(draw(st.integers(0, 8))):
        place = draw(st.integers(0, len(content) - 1))
        content[place : place + draw(st.integers(0, 3))] = draw(st.binary(min_size=1, max_size=4))
    return bytes(content)


def answer_to(ask: Callable[[], object]) -> str:
    """Return what comes back, or the sentence of a refusal."""
    try:
        return str(ask())
    except Invalid as refused:
        return refused.message


@given(st.sampled_from(sorted(CONTENTS)), st.one_of(broken(), st.binary(max_size=500)))
@hypothesis_settings(max_examples=400)
def test_any_bytes_are_taken_or_refused_in_words_and_never_an_error(extension: str, content: bytes) -> None:
    """In this process: whatever happened in the other one would be a refusal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proofs, "examine", _here)
        answer = answer_to(lambda: taken(f"proof.{extension}", content).media_type)
    assert "/" in answer or answer.endswith(".")


def _here(kind: str, file: IO[bytes]) -> int | None:
    file.seek(0)
    try:
        return inspector(kind)(file)
    except Found as found:
        raise Invalid(examining.SENTENCES[found.finding], field_name=examining.FIELD) from None


@given(st.sampled_from([".pdf", ".docx", ".png", ".msg", ".eml"]), st.binary(max_size=300))
@hypothesis_settings(max_examples=15)
def test_any_bytes_are_refused_in_words_by_the_other_process_too(extension: str, content: bytes) -> None:
    answer = answer_to(lambda: examined(KINDS[extension].inspected_as, content))
    harmless = "None" if extension == ".eml" else ""
    assert answer in {*examining.SENTENCES.values(), harmless}, "bytes that mean nothing were taken"


def test_pages_are_counted_where_a_document_has_some() -> None:
    def three(opened: pikepdf.Pdf) -> None:
        for _ in range(2):
            opened.pages.append(opened.pages[0])

    pages = {
        "proof.pdf": (pdf(three), 3),
        "proof.tiff": (picture("TIFF", pages=2), 2),
        "proof.png": (picture("PNG"), 1),
        "proof.txt": (b"Signed.", None),
        "proof.docx": (office(), None),
    }
    for name, (content, number) in pages.items():
        assert taken(name, content).pages == number, name
