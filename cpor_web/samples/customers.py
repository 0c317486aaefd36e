"""The sample's customers: invented companies and people, at domains that nobody can have."""

from dataclasses import dataclass
from uuid import NAMESPACE_DNS, UUID, uuid5

from cpor_web.claims.drafts import ContactDraft


@dataclass(frozen=True)
class Customer:
    """A customer and who is asked there."""

    name: str
    domain: str
    contact: ContactDraft

    @property
    def tenant_id(self) -> UUID:
        return uuid5(NAMESPACE_DNS, self.domain)

    def subscription_id(self, about: str) -> UUID:
        return uuid5(self.tenant_id, about)


def _customer(name: str, domain: str, who: str, title: str, language: str = "en") -> Customer:
    email = f"{who.lower().replace(' ', '.')}@{domain}"
    return Customer(name, domain, ContactDraft(name=who, title=title, email=email, language=language))


CONTOSO = _customer("Contoso", "contoso.example.com", "Carla Conti", "Head of IT")
NORTHWIND = _customer("Northwind Traders", "northwind.example.com", "Noel West", "Chief information officer")
TAILSPIN = _customer("Tailspin Toys", "tailspin.example.com", "Tessa Spindler", "IT manager")
WOODGROVE = _customer("Woodgrove Bank", "woodgrove.example.com", "Warren Grove", "Head of procurement")
LITWARE = _customer("Litware", "litware.example.com", "Lita Warenne", "Cloud architect")
PROSEWARE = _customer("Proseware", "proseware.example.org", "Paul Rosewarne", "Licence manager")
FOURTH = _customer("Fourth Coffee", "fourthcoffee.example.com", "Flora Thornton", "Managing director")
TREY = _customer("Trey Research", "trey.example.com", "Tilda Reyes", "IT lead")
ALPINE = _customer("Alpine Ski House", "alpineski.example.com", "Alma Pineiro", "Owner")
WINGTIP = _customer("Wingtip Toys", "wingtip.example.com", "Wim Tipton", "IT manager")
WORKS = _customer("Musterwerke Aurach", "musterwerke.example.org", "Mona Muster", "Leiterin IT", "de")
TOWN = _customer("Stadtwerke Musterau", "stadtwerke-musterau.example.org", "Stefan Auer", "IT-Leiter", "de")
SHIPPING = _customer("Nordvind Rederi", "nordvind.example.org", "Nora Vindal", "IT-chef", "sv")
TIMBER = _customer("Björkskog Trä", "bjorkskog.example.org", "Bertil Skog", "Inköpschef", "sv")
BAKERY = _customer("Bakkerij De Gouden Aar", "goudenaar.example.org", "Greet Aarsen", "Directeur", "nl")
CANAL = _customer("Grachtenfonds", "grachtenfonds.example.org", "Gijs Fonteijn", "Hoofd ICT", "nl")
MILL = _customer("Hegyvidéki Malom", "hegyvideki-malom.example.org", "Hanna Molnar", "IT vezeto", "hu")
CITY = _customer("City Power and Light", "citypower.example.com", "Cyril Powers", "Chief information officer")
COHO = _customer("Coho Vineyard", "coho.example.com", "Coralie Hough", "Operations manager")
INSURANCE = _customer("Humongous Insurance", "humongous.example.com", "Hugo Mungo", "Head of IT")
