"""PDFs: pages are taken; what runs, reaches out, or carries other files is not."""

import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from cpor_web.inspection.findings import Finding
from tests.support.proof import PDF, action, pdf

JAVASCRIPT = action("JavaScript", JS=String("app.alert(1)"))


def at_opening(what: object) -> Callable[[Pdf], None]:
    def change(made: Pdf) -> None:
        made.Root.OpenAction = what

    return change


def on_the_page(**annotation: Any) -> Callable[[Pdf], None]:
    def change(made: Pdf) -> None:
        made.pages[0].Annots = Array([Dictionary(Type=Name.Annot, Rect=Array([0, 0, 9, 9]), **annotation)])

    return change


def link(what: Dictionary) -> Callable[[Pdf], None]:
    return on_the_page(Subtype=Name.Link, A=what)


def with_a_base(made: Pdf) -> None:
    made.Root.URI = Dictionary(Base=String("file://fabrikam.example.org/share/"))


def with_an_attachment(made: Pdf) -> None:
    made.attachments["setup.exe"] = b"MZ"


def with_named_scripts(made: Pdf) -> None:
    made.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), JAVASCRIPT])))


def with_an_xfa_form(made: Pdf) -> None:
    made.Root.AcroForm = Dictionary(Fields=Array([]), XFA=made.make_stream(b"<xdp/>"))


def with_page_actions(made: Pdf) -> None:
    made.pages[0].AA = Dictionary(O=action("URI", URI=String("https://example.com")))


def with_a_chain(made: Pdf) -> None:
    made.Root.OpenAction = action("GoTo", D=String("a"), Next=action("URI", URI=String("https://example.com")))


def with_an_outside_stream(made: Pdf) -> None:
    stream = made.make_stream(b"")
    stream.F = String("//fabrikam.example.org/share")
    made.Root.Kept = stream


def with_a_hidden_file(made: Pdf) -> None:
    made.Root.Kept = made.make_stream(b"MZ", Type=Name.EmbeddedFile)


def with_a_pixel_bomb(made: Pdf) -> None:
    made.Root.Kept = made.make_stream(b"", Subtype=Name.Image, Width=100_000, Height=100_000)


def with_a_stream_packed_thrice(made: Pdf) -> None:
    packed = zlib.compress(zlib.compress(zlib.compress(b"x")))
    made.Root.Kept = made.make_stream(packed, Filter=Array([Name.FlateDecode] * 3))


HOSTILE = {
    "a script when it opens": (at_opening(JAVASCRIPT), Finding.SCRIPTS),
    "a program when it opens": (at_opening(action("Launch", F=String("cmd.exe"))), Finding.SCRIPTS),
    "an address when it opens": (at_opening(action("URI", URI=String("https://example.com"))), Finding.SCRIPTS),
    "an address when a page opens": (with_page_actions, Finding.SCRIPTS),
    "an address after a jump": (with_a_chain, Finding.SCRIPTS),
    "a program behind a link": (link(action("Launch", F=String("cmd.exe"))), Finding.SCRIPTS),
    "a script behind a link": (link(JAVASCRIPT), Finding.SCRIPTS),
    "another file behind a link": (link(action("GoToR", F=String("//fabrikam.example.org/a"))), Finding.SCRIPTS),
    "a script in an address": (link(action("URI", URI=String(" java\nscript:alert(1)"))), Finding.ASTRAY),
    "a share in an address": (link(action("URI", URI=String("\\\\fabrikam.example.org\\a"))), Finding.ASTRAY),
    "a file in an address": (link(action("URI", URI=String("file:///c:/a.exe"))), Finding.ASTRAY),
    "a share before all addresses": (with_a_base, Finding.ASTRAY),
    "a form that is sent": (link(action("SubmitForm", F=String("https://example.com"))), Finding.SCRIPTS),
    "scripts by name": (with_named_scripts, Finding.SCRIPTS),
    "an XFA form": (with_an_xfa_form, Finding.FORM),
    "an attachment": (with_an_attachment, Finding.EMBEDDED),
    "an attachment that nothing refers to": (with_a_hidden_file, Finding.EMBEDDED),
    "rich media": (on_the_page(Subtype=Name.RichMedia), Finding.EMBEDDED),
    "a stream that is elsewhere": (with_an_outside_stream, Finding.LINKED),
    "a picture of ten thousand megapixels": (with_a_pixel_bomb, Finding.BOMB),
    "a stream that is packed three times": (with_a_stream_packed_thrice, Finding.BOMB),
}


@pytest.mark.parametrize(
    "how", [{}, {"object_stream_mode": pikepdf.ObjectStreamMode.generate}], ids=["plain", "packed"]
)
@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_with(found, what: str, how: dict[str, Any]) -> None:
    change, finding = HOSTILE[what]
    assert found("pdf", pdf(change, **how)) is finding


@pytest.mark.parametrize(
    "change",
    [
        lambda _made: None,
        link(action("URI", URI=String("https://example.com"))),
        link(action("URI", URI=String("www.example.com/a:b"))),
        at_opening(action("GoTo", D=String("chapter"))),
        lambda made: at_opening(Array([made.pages[0].obj, Name.Fit]))(made),
    ],
    ids=[
        "a page",
        "a link to an address",
        "a link without a scheme",
        "a jump when it opens",
        "a destination when it opens",
    ],
)
def test_what_only_shows_pages_is_taken(found, change: Callable[[Pdf], None]) -> None:
    assert found("pdf", pdf(change)) is None


def test_a_name_that_is_written_in_code_is_the_same_name(found) -> None:
    hidden = pdf(at_opening(Dictionary(A=Name("/" + "x" * 40)))).replace(
        b"/A /" + b"x" * 40, b"/#53 /#4aavaScript".ljust(44)
    )
    assert found("pdf", hidden) is Finding.SCRIPTS


@pytest.mark.parametrize("user", ["", "secret"], ids=["restricted", "with a password"])
def test_an_encrypted_one_is_refused(found, user: str) -> None:
    assert (
        found("pdf", pdf(encryption=pikepdf.Encryption(owner="owner", user=user), stream_decode_level=None))
        is Finding.ENCRYPTED
    )


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n%%EOF\n", PDF[:-200], PDF.replace(b"xref", b"xxxx"), b"%PDF-1.7" + bytes(9999)]
)
def test_a_damaged_one_is_refused_and_not_repaired(found, content: bytes) -> None:
    assert found("pdf", content) is Finding.DAMAGED


def placed(objects: list[bytes], moved: dict[int, int]) -> bytes:
    """Return a PDF of these objects from 1 on; the table tells of some that they are so many bytes further on."""
    content, table = b"%PDF-1.7\n", b"0000000000 65535 f \n"
    for number, each in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % (len(content) + moved[number] if number in moved else len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    size = len(objects) + 1
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(content))
    return content + b"xref\n0 %d\n" % size + table + end


PAGE = [
    b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
]
SCRIPT = b"<</S/JavaScript/JS(app.alert(1))>>"


@pytest.mark.parametrize("bytes_off", [1, 5, -20, 100_000])
def test_a_script_that_only_a_repairing_reader_finds_is_refused(found, bytes_off: int) -> None:
    assert found("pdf", placed([*PAGE, b"[3 0 R/Fit]"], {})) is None
    assert found("pdf", placed([*PAGE, SCRIPT], {})) is Finding.SCRIPTS
    assert found("pdf", placed([*PAGE, SCRIPT], {4: bytes_off})) is Finding.DAMAGED


@pytest.mark.parametrize(
    "catalogue",
    [
        b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R/OpenAction[3 0 R/Fit]>>",
        b"<</Type/Catalog/Pages 2 0 R/OpenAction[3 0 R/Fit]/OpenAction 4 0 R>>",
    ],
)
def test_a_key_that_is_there_twice_is_refused(found, catalogue: bytes) -> None:
    action = b"<</S/URI/URI(https://example.com)>>"
    assert found("pdf", placed([catalogue, *PAGE[1:], action], {})) in (Finding.DAMAGED, Finding.SCRIPTS)
