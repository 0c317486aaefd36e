"""Word, Excel and PowerPoint: what is text and pictures is taken; what runs, is fetched or bursts is not."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from cpor_web.inspection import office as inspected
from cpor_web.inspection.findings import Finding, Found
from tests.support.proof import OLE, PDF, office, relationship

MACRO_TYPE = '<Override PartName="/x" ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
LINK_TYPE = f'<Default Extension="x" ContentType="{SHEET}.externalLink+xml"/>'
CONNECTIONS_TYPE = f'<Override PartName="/x" ContentType="{SHEET}.connections+xml"/>'
PANE_TYPE = '<Override PartName="/x" ContentType="application/vnd.ms-office.webextensiontaskpanes+xml"/>'
ENTITIES = '<!DOCTYPE Types [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><Types>&b;</Types>'
UTF_16 = f'<?xml version="1.0" encoding="UTF-16"?><Types>{MACRO_TYPE}</Types>'.encode("utf-16")


def link(target: str) -> str:
    return relationship("hyperlink", target)


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
X = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def field(*words: str) -> bytes:
    """Return Word with a field whose instruction comes in these pieces."""
    runs = "".join(f"<w:r><w:instrText>{each}</w:instrText></w:r>" for each in words)
    begin, end = ('<w:fldChar w:fldCharType="%s"/>' % kind for kind in ("begin", "end"))  # noqa: UP031
    return office(more={"word/main2.xml": f"<w:document {W}>{begin}{runs}{end}</w:document>"})


def formula(text: str, name: str = "f") -> bytes:
    """Return Excel with a formula."""
    return office("xl", {"xl/worksheets/sheet1.xml": f"<worksheet {X}><c><{name}>{text}</{name}></c></worksheet>"})


def action(address: str) -> bytes:
    """Return PowerPoint with a click that does something."""
    return office("ppt", {"ppt/slides/slide1.xml": f'<p><a:hlinkClick xmlns:a="a" action="{address}"/></p>'})


STARTS = {
    "a program by its field": (field("DDEAUTO c:\\\\windows\\\\cmd.exe"), Finding.LINKED),
    "a field in pieces": (field("D", "DE", "AUTO cmd"), Finding.LINKED),
    "a field in numbers": (field("&#68;&#x44;EAUTO cmd"), Finding.LINKED),
    "a field in sections": (field(" D<![CDATA[DE]]><!-- -->AUTO cmd"), Finding.LINKED),
    "a field that is deleted": (
        office(more={"word/a.xml": f"<w:p {W}><w:delInstrText>DDE x</w:delInstrText></w:p>"}), Finding.LINKED,
    ),
    "a simple field": (office(more={"word/a.xml": f'<w:fldSimple {W} w:instr=" dde x y"/>'}), Finding.LINKED),
    "a field in UTF-16": (
        office(more={"word/a.xml": f"<w:p {W}><w:instrText>DDE x</w:instrText></w:p>".encode("utf-16")}),
        Finding.LINKED,
    ),
    "a field in UTF-16 without a mark": (
        office(more={"word/a.xml": f" <w:p {W}><w:instrText>DDE x</w:instrText></w:p>".encode("utf-16-be")}),
        Finding.LINKED,
    ),
    "a field behind a mark": (
        office(more={"word/a.png": f"\ufeff\n<w:p {W}><w:instrText>DDE x</w:instrText></w:p>".encode()}),
        Finding.LINKED,
    ),
    "a field behind blanks": (
        office(
            more={"word/a.xml": " " * inspected.CHUNK + f"<w:p {W}><w:instrText>DDE x</w:instrText></w:p>"},
            pack=zipfile.ZIP_STORED,
        ),
        Finding.LINKED,
    ),
    "a field in UTF-7": (
        office(more={"word/a.xml": b'<?xml version="1.0" encoding="utf-7"?><a>+ADw-instrText+AD4-DDE</a>'}),
        Finding.DAMAGED,
    ),
    "a field in UTF-32": (office(more={"word/a.xml": "<a>DDE</a>".encode("utf-32")}), Finding.DAMAGED),
    "a field in EBCDIC": (
        office(more={"word/a.xml": '<?xml version="1.0"?><a>DDE</a>'.encode("cp500")}), Finding.DAMAGED,
    ),
    "a file by its field": (field('INCLUDETEXT "\\\\\\\\fabrikam\\\\a.docx"'), Finding.LINKED),
    "a picture on a share": (field('INCLUDEPICTURE "\\\\\\\\fabrikam\\\\a.png"'), Finding.LINKED),
    "a field that leads to a program": (field('HYPERLINK "file:///c:/x.exe"'), Finding.ASTRAY),
    "a database of letters": (office(more={"word/a.xml": f"<w:a {W}><w:connectString/></w:a>"}), Finding.LINKED),
    "a program by its formula": (formula("cmd|'/C calc'!A0"), Finding.LINKED),
    "a program by its formula, quoted": (formula("'cmd'|'/C calc'!A0"), Finding.LINKED),
    "a program by a name": (formula("cmd|'/C calc'!A0", "definedName"), Finding.LINKED),
    "a web service": (formula('_xlfn.WEBSERVICE("https://example.com")'), Finding.LINKED),
    "a picture by its formula": (formula('1+_xlfn.IMAGE ("https://example.com")'), Finding.LINKED),
    "a share by its formula": (formula('HYPERLINK("\\\\fabrikam\\a","x")'), Finding.ASTRAY),
    "a program behind a shape": (action("ppaction://program"), Finding.ASTRAY),
    "a template that says it is within": (
        office(relationships=relationship("attachedTemplate", "https://example.com/a.dotm", external=False)),
        Finding.LINKED,
    ),
    "another workbook by its relationship": (
        office("xl", relationships=relationship("externalLink", "a.xml", external=False)), Finding.LINKED,
    ),
    "a part with letters as numbers": (office(more={"word/%76bProject.bin": b"x"}), Finding.DAMAGED),
}  # fmt: skip

HOSTILE = STARTS | {
    "macros": (office(more={"word/vbaProject.bin": OLE}), Finding.MACROS),
    "macros under another folder": (office(more={"word/other/VBAPROJECT.BIN": b"x"}), Finding.MACROS),
    "macros by its type": (office(types=MACRO_TYPE), Finding.MACROS),
    "macros by its type in another encoding": (office(more={"[Content_Types].xml": UTF_16}), Finding.MACROS),
    "a sheet of old macros": (office("xl", {"xl/macrosheets/sheet1.xml": "<x/>"}), Finding.MACROS),
    "controls": (office(more={"word/activeX/activeX1.xml": "<x/>"}), Finding.MACROS),
    "an object of another program": (office(more={"word/embeddings/oleObject1.bin": OLE}), Finding.EMBEDDED),
    "an object of another program under a picture's name": (office(more={"word/media/a.png": OLE}), Finding.EMBEDDED),
    "a program": (office(more={"word/media/a.png": b"MZ\x90"}), Finding.EMBEDDED),
    "an archive": (office(more={"word/a.zip": office()}), Finding.EMBEDDED),
    "a document in a document in a document": (
        office(more={"word/embeddings/a.docx": office(more={"word/embeddings/b.docx": office()})}),
        Finding.EMBEDDED,
    ),
    "macros in a worksheet that is embedded": (
        office(more={"word/embeddings/a.xlsx": office("xl", {"xl/vbaProject.bin": OLE})}),
        Finding.MACROS,
    ),
    "a template from elsewhere": (
        office(relationships=relationship("attachedTemplate", "https://example.com/a.dotm")),
        Finding.LINKED,
    ),
    "a picture from elsewhere": (office(relationships=relationship("image", "//example.com/a")), Finding.LINKED),
    "an object from elsewhere": (office(relationships=relationship("oleObject", "https://a")), Finding.LINKED),
    "another workbook": (office("xl", types=LINK_TYPE), Finding.LINKED),
    "a web page brought in": (
        office(relationships=relationship("aFChunk", "a.html", external=False)),
        Finding.EMBEDDED,
    ),
    "data that it fetches": (office("xl", types=CONNECTIONS_TYPE), Finding.LINKED),
    "a program of the web in a pane": (office(types=PANE_TYPE), Finding.LINKED),
    "a program behind a link": (office("ppt", relationships=link("powershell%20-NoP")), Finding.ASTRAY),
    "a share behind a link": (office(relationships=link("file://fabrikam.example.org/a")), Finding.ASTRAY),
    "a program of Windows behind a link": (office(relationships=link("ms-msdt:/id")), Finding.ASTRAY),
    "a template in a list that comes in pieces": (
        office(more={"word/_rels/settings.xml.rels/[0].last.piece": "<x/>"}),
        Finding.DAMAGED,
    ),
    "a list behind a slash": (office(more={"/word/_rels/main.xml.rels": "<x/>"}), Finding.DAMAGED),
    "a list in a folder of its folder": (office(more={"word/./_rels/main.xml.rels": "<x/>"}), Finding.DAMAGED),
    "entities in its text": (office(more={"word/main2.xml": ENTITIES}), Finding.DAMAGED),
    "entities in its text in another encoding": (
        office(more={"word/main2.xml": ENTITIES.encode("utf-16")}),
        Finding.DAMAGED,
    ),
    "entities far from its start": (
        office(more={"word/main2.xml": b" " * (inspected.CHUNK - 4) + ENTITIES.encode()}, pack=zipfile.ZIP_STORED),
        Finding.DAMAGED,
    ),
    "entities of its own": (office(more={"[Content_Types].xml": ENTITIES}), Finding.DAMAGED),
    "a member that is mostly nothing": (office(more={"word/a.xml": bytes(8 * 2**20)}), Finding.BOMB),
    "too many members": (office(more={f"word/{n}": b"" for n in range(10_001)}), Finding.BOMB),
    "nothing that is XML": (office(more={"[Content_Types].xml": b"\xff\x00"}), Finding.DAMAGED),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_with(found, what: str) -> None:
    content, finding = HOSTILE[what]
    assert found("office", content) is finding


@pytest.mark.parametrize(
    "content",
    [
        office(),
        office("xl"),
        office("ppt"),
        office(relationships=relationship("hyperlink", "https://example.com")),
        office(relationships=relationship("hyperlink", "#chapter")),
        office(more={"word/media/a.svg": '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x"><svg/>'}),
        office(more={"word/embeddings/chart.xlsx": office("xl")}),
        office(more={"word/media/a.txt": b"x" * 3000}),
        office(pack=zipfile.ZIP_STORED),
        field("HYPERLINK ", '"https://example.com/added|dde"'),
        field('HYPERLINK \\l "place"'),
        field('INCLUDEPICTURE "cid:image001.png" \\* MERGEFORMATINET'),
        field("PAGE"),
        formula("SUM('a|b'!A1:A9)+Table[c|d]"),
        formula('IF(A1="a|b",HYPERLINK("https://example.com/"&amp;A1),HYPERLINK("#Sheet1!A1"))'),
        office("xl", {"xl/drawings/vmlDrawing1.vml": '<v:f eqn="sum"/><br>'}),
        office(more={"word/media/a%20b.png": b"x"}),
        office(more={"word/media/a.mp3": b"\xff\xfe\x90"}),
        office(more={"word/media/a.jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0 \x9c<f \x8e\xff\xd9"}),
        action("ppaction://hlinksldjump"),
    ],
    ids=[
        "Word",
        "Excel",
        "PowerPoint",
        "a link",
        "a place",
        "a drawing",
        "a worksheet inside",
        "text",
        "unpacked",
        "a field that links",
        "a field within",
        "a picture of a mail",
        "a number",
        "names",
        "texts",
        "an old drawing",
        "a blank in a name",
        "a sound",
        "a picture that has a formula's name by chance",
        "a jump",
    ],
)
def test_what_is_only_text_is_taken(found, content: bytes) -> None:
    assert found("office", content) is None


def test_a_member_with_a_password_is_refused(found) -> None:
    content = bytearray(office())
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    assert found("office", bytes(content)) is Finding.ENCRYPTED


def test_a_link_to_another_file_is_refused(found) -> None:
    packed = io.BytesIO(office())
    link_of_unix = zipfile.ZipInfo("word/media/image1.png")
    link_of_unix.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(link_of_unix, "/etc/passwd")
    assert found("office", packed.getvalue()) is Finding.DAMAGED


def test_members_that_share_their_bytes_are_refused(found) -> None:
    content = bytearray(office())
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    assert found("office", bytes(content)) is Finding.BOMB


def test_the_declared_sizes_are_summed_before_anything_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(office(pack=zipfile.ZIP_STORED))
    place = content.index(b"PK\x01\x02")
    content[place + 20 : place + 28] = struct.pack("<II", 0, 2**30)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(Found) as caught:
        inspected.inspect(io.BytesIO(bytes(content)))
    assert caught.value.finding is Finding.BOMB


@pytest.mark.parametrize("start", [b"{\\rtf1\\object", OLE, b"MZ\x90\x00", b"<html>"])
def test_an_archive_behind_another_file_is_refused(found, start: bytes) -> None:
    packed = io.BytesIO(start)
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a") as archive, zipfile.ZipFile(io.BytesIO(office())) as plain:
        for name in plain.namelist():
            archive.writestr(name, plain.read(name))
    for content in (start + office(), packed.getvalue()):
        assert found("office", content) is Finding.DAMAGED


def test_an_archive_with_something_behind_it_is_refused(found) -> None:
    with_a_comment = bytearray(office())
    with_a_comment[-2:] = struct.pack("<H", 4)
    assert found("office", bytes(with_a_comment) + b"more") is Finding.DAMAGED


def two_directories(older: bytes, newer: bytes) -> bytes:
    """Return an archive whose end leads to the directory of `older`, and its record of ZIP64 to that of `newer`."""
    number, _, length, offset = struct.unpack("<2H2L", older[-14:-2])
    body = older[:-22] + newer[:-22]
    others, _, size, start = struct.unpack("<2H2L", newer[-14:-2])
    directory = bytearray(newer[start : start + size])
    for member in zipfile.ZipFile(io.BytesIO(newer)).infolist():
        place = directory.index(member.filename.encode()) - 4
        directory[place : place + 4] = struct.pack("<L", member.header_offset + len(older) - 22)
    end = len(body) + size
    zip64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, others, others, size, len(body))
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    plain = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, number, number, length, offset, 0)
    return body + bytes(directory) + zip64 + locator + plain


def test_an_archive_with_two_directories_is_refused(found) -> None:
    content = two_directories(office(relationships=relationship("attachedTemplate", "https://example.com")), office())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"attachedTemplate" not in archive.read("word/_rels/main.xml.rels"), "it is hidden from this reader"
    assert found("office", content) is Finding.DAMAGED


def test_a_member_that_is_larger_than_it_says_is_refused(found) -> None:
    content = bytearray(office(more={"word/a.xml": b"x" * 5000}))
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 100)
    assert found("office", bytes(content)) is Finding.DAMAGED


def test_two_members_of_one_name_are_refused(found, tmp_path: Path) -> None:
    packed = io.BytesIO(office())
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("WORD/main.xml", "<other/>")
    assert found("office", packed.getvalue()) is Finding.DAMAGED


@pytest.mark.parametrize("content", [b"PK\x03\x04", office()[:-30], office()[:200], PDF])
def test_what_is_broken_off_is_refused(found, content: bytes) -> None:
    assert found("office", content) is Finding.DAMAGED
