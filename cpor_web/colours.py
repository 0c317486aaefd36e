"""An operator's colour made fit to be read: shades with enough contrast, by day and by night (WCAG 2.2, 1.4.3)."""

from typing import NamedTuple, Self

TEXT_CONTRAST = 4.6
"""What text needs, 4.5, and a little for rounding."""

SIGN_CONTRAST = 3.1
"""The same for what is no text (1.4.11): 3."""

STEPS = 50


class Colour(NamedTuple):
    """A colour of sRGB, each part from 0 to 255."""

    red: int
    green: int
    blue: int

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Read "#rrggbb"; raises ValueError for anything else that is no number."""
        return cls(*(int(text[at : at + 2], 16) for at in (1, 3, 5)))

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """The relative luminance, 0 for black to 1 for white, as WCAG defines it."""
        red, green, blue = (_linear(part / 255) for part in (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(self, other: "Colour") -> float:
        """Return the contrast ratio with another colour, 1 to 21."""
        lighter, darker = sorted((self.luminance, other.luminance), reverse=True)
        return (lighter + 0.05) / (darker + 0.05)

    def towards(self, other: "Colour", share: float) -> "Colour":
        """Return the mixture with `share` (0 to 1) of another colour."""
        pairs = ((self.red, other.red), (self.green, other.green), (self.blue, other.blue))
        return Colour(*(round(mine + (theirs - mine) * share) for mine, theirs in pairs))

    def readable_on(self, ground: "Colour", pole: "Colour", contrast: float) -> "Colour":
        """Return the shade nearest to this one, on the way to `pole`, that has `contrast` with `ground`."""
        shades = (self.towards(pole, step / STEPS) for step in range(STEPS + 1))
        return next((shade for shade in shades if shade.contrast(ground) >= contrast), pole)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


BLACK, WHITE = Colour(0, 0, 0), Colour(255, 255, 255)
DAY, NIGHT = Colour.from_hex("#f5f6f8"), Colour.from_hex("#20242b")
"""What links stand on: --ground by day, --paper by night, of tokens.css."""


def stylesheet(chosen: str) -> str:
    """Return CSS that sets our tokens for a colour "#rrggbb": buttons wear it, links and lines a readable shade."""
    colour = Colour.from_hex(chosen)
    link, pale = colour.readable_on(DAY, BLACK, TEXT_CONTRAST), colour.readable_on(NIGHT, WHITE, TEXT_CONTRAST)
    ticked = colour.readable_on(WHITE, BLACK, SIGN_CONTRAST).readable_on(NIGHT, WHITE, SIGN_CONTRAST)
    day = {**_button(colour), "link": link, "link-hover": link.towards(BLACK, 0.3), "checked": link, "mark": link}
    night = {**_button(pale), "link": pale, "link-hover": pale.towards(WHITE, 0.3), "checked": ticked, "mark": pale}
    return f":root {{{_tokens(day)}}}\n@media (prefers-color-scheme: dark) {{ :root {{{_tokens(night)}}} }}\n"


def _button(colour: Colour) -> dict[str, Colour]:
    """Return a button's colours. Its words are white where that can be read, else black; hovering only helps."""
    words, away = (WHITE, BLACK) if colour.contrast(WHITE) >= TEXT_CONTRAST else (BLACK, WHITE)
    return {"accent": colour, "accent-hover": colour.towards(away, 0.25), "on-accent": words}


def _tokens(colours: dict[str, Colour]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
