"""Documents made when they are needed, good ones and hostile ones: nothing binary is kept in the repository."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pikepdf
from pikepdf import Dictionary, Name, Pdf
from PIL import Image

from cpor_web.proofs.examining import apart, examine
from cpor_web.samples.proof import pdf as one_page

TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
MAIN = {
    "word": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "xl": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "ppt": "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
}

AS_PACKED = {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.none}
"""How a PDF is saved: each stream is packed as it was given."""

PDF = one_page(("Signed by Anna.",))


def examined(kind: str, content: bytes) -> int | None:
    """Have the other process look into `content`; return how many pages it counts."""
    with apart(io.BytesIO(content)) as file:
        return examine(kind, file)


def pdf(change: Callable[[Pdf], None] = lambda _pdf: None, **how: Any) -> bytes:
    """Return a PDF of one page after `change`; `how` is pikepdf's way of saving it."""
    with pikepdf.open(io.BytesIO(PDF)) as opened:
        change(opened)
        saved = io.BytesIO()
        opened.save(saved, **(AS_PACKED | how))
    return saved.getvalue()


def action(kind: str, **more: Any) -> Dictionary:
    """Return a PDF action of a kind such as Launch."""
    return Dictionary(S=Name(f"/{kind}"), **more)


def office(
    folder: str = "word",
    more: dict[str, bytes | str] | None = None,
    *,
    types: str = "",
    relationships: str = "",
    pack: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """Return a Word, Excel or PowerPoint file by its `folder`, with `more` members; the lists' additions as XML."""
    kind = MAIN[folder]
    members: dict[str, bytes | str] = {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}">'
        f'<Override PartName="/{folder}/main.xml" ContentType="{kind}"/>{types}</Types>',
        f"{folder}/main.xml": "<main/>",
        f"{folder}/_rels/main.xml.rels": f'<Relationships xmlns="{RELATIONSHIPS}">{relationships}</Relationships>',
        **(more or {}),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", pack) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def relationship(kind: str, target: str, *, external: bool = True) -> str:
    """Return a relationship's XML, of a kind such as hyperlink."""
    mode = ' TargetMode="External"' if external else ""
    return f'<Relationship Id="r1" Type="{OFFICE}/{kind}" Target="{target}"{mode}/>'


def picture(kind: str, size: tuple[int, int] = (8, 8), pages: int = 1) -> bytes:
    """Return a picture, by Pillow's name of its kind."""
    saved = io.BytesIO()
    page = Image.new("1" if kind == "TIFF" else "RGB", size)
    more = {"save_all": True, "append_images": [page] * (pages - 1)} if pages > 1 else {}
    page.save(saved, kind, **more)
    return saved.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """Return a PNG that says it is so large; of its pixels there are a few."""
    content = bytearray(picture("PNG"))
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    return bytes(content)


def compound(streams: dict[str, bytes]) -> bytes:
    """Return an OLE compound file (MS-CFB); a `/` in a name leads into a storage."""
    return _Compound(streams).written()


class _Compound:
    """Writes sectors of 512 bytes, without the smaller ones for short streams: those are padded to 4096 bytes."""

    SECTOR, LEAST, END, FREE, TABLE, NONE = 512, 4096, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF

    def __init__(self, streams: dict[str, bytes]) -> None:
        self.entries: list[tuple[str, int, list[int], int, int]] = [("Root Entry", 5, [], self.END, 0)]
        self.sectors: list[bytes] = []
        self.chain: list[int] = []
        folders = {"": 0}
        for path, content in streams.items():
            parent, _, name = path.rpartition("/")
            if parent not in folders:
                folders[parent] = self._add(0, parent, 1, self.END, 0)
            padded = content.ljust(self.LEAST, b"\0")
            self._add(folders[parent], name, 2, self._put(padded), len(padded))

    def _add(self, parent: int, name: str, kind: int, start: int, size: int) -> int:
        self.entries.append((name, kind, [], start, size))
        self.entries[parent][2].append(len(self.entries) - 1)
        return len(self.entries) - 1

    def _put(self, content: bytes) -> int:
        start = len(self.sectors)
        pieces = [
            content[at : at + self.SECTOR].ljust(self.SECTOR, b"\0") for at in range(0, len(content), self.SECTOR)
        ]
        self.sectors += pieces
        self.chain += [start + number + 1 for number in range(len(pieces) - 1)] + [self.END]
        return start

    def written(self) -> bytes:
        directory = self._put(b"".join(self._entry(number) for number in range(len(self.entries))))
        table = len(self.sectors)
        number = (table + 1) // 127 + 1
        self.chain += [self.TABLE] * number
        fat = struct.pack(f"<{len(self.chain)}I", *self.chain).ljust(number * self.SECTOR, b"\xff")
        where = [table + each for each in range(number)] + [self.FREE] * (109 - number)
        header = OLE + bytes(16) + struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, number, directory, 0,
                                               self.LEAST, self.END, 0, self.END, 0, 0)[: 52]  # fmt: skip
        return header.ljust(76, b"\0") + struct.pack("<109I", *where) + b"".join(self.sectors) + fat

    def _entry(self, number: int) -> bytes:
        name, kind, children, start, size = self.entries[number]
        raw = (name + "\0").encode("utf-16-le")
        right = self._next_sibling(number)
        child = children[0] if children else self.NONE
        head = raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw), kind, 1, self.NONE, right, child)
        return head + bytes(36) + struct.pack("<IQ", start, size)

    def _next_sibling(self, number: int) -> int:
        for _, _, children, _, _ in self.entries:
            if number in children[:-1]:
                return children[children.index(number) + 1]
        return self.NONE


def outlook(more: dict[str, bytes] | None = None) -> bytes:
    """Return a mail as Outlook saves it, with `more` streams."""
    return compound({"__properties_version1.0": b"", **(more or {})})


def mail(*attachments: tuple[str, bytes]) -> bytes:
    """Return a mail with these files in it."""
    message = EmailMessage()
    message["From"], message["Subject"] = "anna@fabrikam.example.org", "Signed"
    message.set_content("Yes.")
    for name, content in attachments:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()
