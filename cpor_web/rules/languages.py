"""The languages of pages and mails: a line here and a folder of translations is all that one needs."""

LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "sv": "svenska",
    "nl": "Nederlands",
    "hu": "magyar",
}
"""Each language by its code, in its own name. English is the source."""
