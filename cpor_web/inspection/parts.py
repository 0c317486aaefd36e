"""What a part of an Office file says in its text: fields and formulas that start or fetch something."""

import codecs
import re
from collections.abc import Iterable
from xml.parsers import expat

from cpor_web.inspection.findings import Finding, Found
from cpor_web.inspection.links import leads_astray

ENCODINGS = frozenset({"ascii", "utf-8", "utf-16", "iso8859-1", "cp1252"})
"""In which parts are written. In others the words that are looked for could be hidden, as in UTF-7."""

TELLING = re.compile(
    rb"[<:](?:f|formula[12]?|calculatedColumnFormula|totalsRowFormula|definedName|instrText|delInstrText|fldSimple"
    rb"|connectString|hlink\w+)[\s/>]"
)
"""An element that can start or fetch something; a part without any is not read element by element."""

LONGEST_TELLING = 40

FORMULAS = frozenset(
    "f formula formula1 formula2 calculatedColumnFormula totalsRowFormula definedName".split()  # noqa: SIM905
)
STARTING = frozenset({"DDE", "DDEAUTO", "LINK", "INCLUDETEXT", "DATABASE", "RD"})
"""Fields of Word (ECMA-376 part 1, 17.16.5) that start a program or fetch a file."""

POINTING = frozenset({"HYPERLINK", "INCLUDEPICTURE", "INCLUDE", "IMPORT"})
"""Those that lead to what they name first."""

_WIDE = re.compile(rb"(?:\xff\xfe)?(?:\s\0)*<\0|(?:\xfe\xff)?(?:\0\s)*\0<")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*(?:<|\Z)")
"""How XML can begin in the encodings that are read: a mark, blanks, a tag; or blanks as far as one sees."""

_STRANGE = (b"\0\0\xfe\xff", b"\xff\xfe\0\0", b"\0\0\0<", b"<\0\0\0", b"\x4c\x6f\xa7\x94")
"""How UTF-32 and EBCDIC begin (XML 1.0, appendix F)."""

_ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)""")
_WORD = re.compile(r'"([^"]*)"|(\S+)')
_SWITCH = re.compile(r"\\[a-z*#@!]", re.I)
_TEXTS = re.compile(r'"(?:[^"]|"")*"')
_NAMES = re.compile(r"'(?:[^']|'')*'|\[[^\[\]]*\]")
_CALLS = re.compile(r"(?<![\w.])(?:_xl\w+\.)*(?:WEBSERVICE|RTD|CALL|REGISTER|REGISTER\.ID|EXEC|IMAGE|PY)\s*\(", re.I)
_LINK = re.compile(r'(?<![\w.])HYPERLINK\s*\(\s*"((?:[^"]|"")*)"', re.I)


def is_wide(start: bytes) -> bool:
    """Tell whether a part is in UTF-16. Raises Found for other ways to write that hide what is looked for."""
    if start.startswith(_STRANGE):
        raise Found(Finding.DAMAGED)
    if said := _ENCODING.match(start):
        try:
            known = codecs.lookup(said[1].decode("ascii", "replace")).name
        except LookupError:
            raise Found(Finding.DAMAGED) from None
        if known not in ENCODINGS:
            raise Found(Finding.DAMAGED)
    return _WIDE.match(start) is not None


def may_be_xml(start: bytes) -> bool:
    """Tell whether a part can be XML, by how it begins: with anything but blanks before the first tag, it is none.

    Pictures are not asked for their elements then, where a few of their bytes are TELLING by chance.
    """
    return _MARKUP.match(start) is not None


def read(chunks: Iterable[bytes]) -> None:
    """Raise Found for a part in XML with a field or formula that starts or fetches something; ExpatError for none."""
    reader = _Part()
    for chunk in chunks:
        reader.parser.Parse(chunk, False)
    reader.parser.Parse(b"", True)
    reader.end()


class _Part:
    """Reads elements by their local names: which prefixes and namespaces a program accepts is its affair."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._say
        self._text: list[str] | None = None
        self._fields: list[list[str]] = [[]]  # one within the other; the first takes what is in none

    def end(self) -> None:
        for words in self._fields:
            _field("".join(words))

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        if name in FORMULAS:
            self._text = []
        elif name in ("instrText", "delInstrText"):
            self._text = self._fields[-1]
        elif name == "fldChar":
            self._mark(_attribute(attributes, "fldCharType"))
        elif name == "fldSimple":
            _field(_attribute(attributes, "instr"))
        elif name == "connectString":
            raise Found(Finding.LINKED)
        elif name.startswith("hlink") and _attribute(attributes, "action").lower().startswith(
            ("ppaction://program", "ppaction://macro")
        ):
            raise Found(Finding.ASTRAY)

    def _mark(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append([])
        elif kind == "end" and len(self._fields) > 1:
            _field("".join(self._fields.pop()))

    def _say(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if name.rpartition(" ")[2] in FORMULAS and self._text is not None:
            _formula("".join(self._text))
        self._text = None


def _attribute(attributes: dict[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if key.rpartition(" ")[2] == name), "")


def _field(instruction: str) -> None:
    """Raise Found for a field of Word that starts, fetches, or leads astray."""
    words = [quoted or bare for quoted, bare in _WORD.findall(instruction)]
    kind = words[0].upper() if words else ""
    if kind in STARTING:
        raise Found(Finding.LINKED)
    # A switch before the address (\l "place") names a place in the document itself.
    address = words[1] if kind in POINTING and len(words) > 1 and not _SWITCH.fullmatch(words[1]) else ""
    if not address.lower().startswith("cid:") and leads_astray(
        address.replace("\\\\", "\\"), has_pages_without_scheme=False
    ):
        raise Found(Finding.ASTRAY if kind == "HYPERLINK" else Finding.LINKED)


def _formula(formula: str) -> None:
    """Raise Found for a formula of Excel that talks to a program (DDE: `cmd|'/c x'!A1`), calls one, or fetches."""
    for address in _LINK.findall(formula):
        if leads_astray(address, has_pages_without_scheme=False):
            raise Found(Finding.ASTRAY)
    bare = _TEXTS.sub('""', formula)
    if "|" in _NAMES.sub("", _NAMES.sub("", bare)) or _CALLS.search(bare):
        raise Found(Finding.LINKED)
