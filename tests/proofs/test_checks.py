"""What a document must be: each check refuses with its reason, in order, and takes what is right."""

import io
import zipfile

import pytest

from cpor_web.proofs.checks import CHECKS, MIB, Candidate, check
from cpor_web.rules.exc import Invalid

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def office(folder: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{folder}/main.xml", "<main/>")
    return packed.getvalue()


CONTENTS = {
    "pdf": b"%PDF-1.7\n%%EOF\n",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "jpeg": b"\xff\xd8\xff\xe1\x00\x10Exif\x00",
    "tif": b"II*\x00" + bytes(8),
    "tiff": b"MM\x00*" + bytes(8),
    "docx": office("word"),
    "xlsx": office("xl"),
    "pptx": office("ppt"),
    "msg": OLE + bytes(300_000) + "__properties_version1.0".encode("utf-16-le"),
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


def candidate(name: str | None, content: bytes, limit: int = MIB) -> Candidate:
    return Candidate.of(io.BytesIO(content), name, limit)


def refusal(name: str | None, content: bytes, limit: int = MIB) -> Invalid:
    with pytest.raises(Invalid) as caught:
        check(candidate(name, content, limit))
    assert caught.value.field_name == "document"
    return caught.value


@pytest.mark.parametrize("extension", CONTENTS)
def test_each_kind_is_taken_under_its_own_name(extension: str) -> None:
    upload = candidate(f"Proof of work.{extension.upper()}", CONTENTS[extension])
    assert "/" in check(upload)
    assert upload.stream.tell() == 0, "what was read is still there to be stored"


@pytest.mark.parametrize(("name", "content"), MIXED_UP)
def test_no_kind_is_taken_under_the_name_of_another(name: str, content: str) -> None:
    assert "as its name says" in refusal(f"proof.{name}", CONTENTS[content]).message


@pytest.mark.parametrize("name", sorted(CONTENTS.keys() - {"txt", "csv"}))
def test_a_text_is_taken_for_nothing_else(name: str) -> None:
    assert "as its name says" in refusal(f"proof.{name}", b"Signed by Anna.").message


def test_an_old_word_file_is_no_outlook_message() -> None:
    assert refusal("mail.msg", OLE + bytes(2000)).values == {"kind": "MSG"}


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
            archive.writestr(f"ppt/slides/_rels/slide{number}.xml.rels", b"")
    assert check(candidate("proof.pptx", packed.getvalue(), limit=8 * MIB))


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
    assert check(candidate("proof.txt", content[:MIB]))
    assert str(refusal("proof.txt", content[: MIB + 1])) == "The file is larger than 1 MiB."


def test_an_empty_file_is_refused() -> None:
    assert refusal("proof.txt", b"").message == "The file is empty."


def test_a_path_is_cut_down_to_the_name() -> None:
    assert candidate("C:\\Users\\anna\\Größe.pdf", b"").filename == "Größe.pdf"
    assert candidate("../../etc/passwd.txt", b"").filename == "passwd.txt"


def test_every_check_lets_a_good_document_pass() -> None:
    assert [each(candidate("proof.pdf", CONTENTS["pdf"])) for each in CHECKS] == [None] * len(CHECKS)
