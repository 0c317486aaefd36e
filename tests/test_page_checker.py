"""The checker of pages is itself checked: it lets a sound page pass, and meets each fault."""

import pytest

from tests.support.page_checker import BadPage, check

SOUND = """<!doctype html><html lang="en"><head><title>T</title></head><body><main><h1>H</h1>
<form><label for="a">A</label><input id="a" name="a"><button>Save</button></form></main></body></html>"""


def test_a_sound_page_passes() -> None:
    check(SOUND, "here")


@pytest.mark.parametrize(
    ("sound", "faulty", "complaint"),
    [
        (' lang="en"', "", "language"),
        ("<title>T</title>", "<title> </title>", "title"),
        ("<h1>H</h1>", "", "one h1"),
        ("<h1>H</h1>", "<h1>H</h1><h1>I</h1>", "one h1"),
        ("<h1>H</h1>", "<h1>H</h1><p id=a>", "2 times"),
        ('for="a"', 'for="b"', "nowhere"),
        ('<label for="a">A</label>', "", "no label"),
        ('<label for="a">A</label>', '<label for="a"></label>', "no label"),
        ("<button>Save</button>", "<button></button>", "no words"),
        ("<button>", '<button style="color: red">', "style attribute"),
        ("<button>", '<button onclick="x()">', "onclick"),
        ("<form>", "<style>p {}</style><form>", "style element"),
        ("<form>", "<script>x()</script><form>", "inline script"),
        ("<form>", '<script src="https://cdn.example.net/x.js"></script><form>', "elsewhere"),
        ("<form>", '<a href="javascript:x()">x</a><form>', "script"),
        ("<form>", '<a href="#lost">x</a><form>', "nowhere"),
        ("<form>", "<fieldset></fieldset><form>", "legend"),
        ("<form>", "<img src=x><form>", "alt"),
        ("<form>", "<p>None</p><form>", "not words"),
        ('id="a" name="a"', 'id="a" name="a" aria-describedby="a-hint"', "nowhere"),
    ],
)
def test_each_fault_is_met(sound: str, faulty: str, complaint: str) -> None:
    assert sound in SOUND
    with pytest.raises(BadPage, match=complaint):
        check(SOUND.replace(sound, faulty, 1), "here")
