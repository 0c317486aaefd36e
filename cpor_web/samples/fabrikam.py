"""The other partner's claims, which Adatum never sees. Numbers are working days before the loading."""

from cpor_web.rules.reasons import Rejection
from cpor_web.samples import customers as at
from cpor_web.samples.moments import working
from cpor_web.samples.phrases import (
    EXCHANGE,
    FIELD,
    FINANCE,
    INTUNE,
    IVO,
    RUNE,
    SALES,
    SERVICE,
    TEAMS,
    UTRECHT,
    approved,
    draft,
    drafted,
    filed,
    passed,
    rejected,
    started,
)
from cpor_web.samples.staging import Story

STORIES = (
    Story(draft("Teams for the polder", at.CANAL, TEAMS, filer=IVO, mpn=UTRECHT), drafted(working(1, "10:30"), IVO)),
    Story(draft("Baking by numbers", at.BAKERY, FINANCE, filer=IVO, mpn=UTRECHT), filed(1, IVO)),
    Story(
        draft("Devices and mail of the trader", at.NORTHWIND, INTUNE, EXCHANGE, filer=IVO, mpn=UTRECHT),
        (*filed(4, IVO), *started(2, RUNE)),
    ),
    Story(draft("Mail of the fund", at.CANAL, EXCHANGE, filer=IVO, mpn=UTRECHT), approved(2, filer=IVO)),
    Story(draft("Sales of the baker", at.BAKERY, SALES, filer=IVO, mpn=UTRECHT), passed(19, by=RUNE, filer=IVO)),
    Story(draft("Teams for the vineyard", at.COHO, TEAMS, filer=IVO, mpn=UTRECHT), passed(29, by=RUNE, filer=IVO)),
    Story(
        draft("Field work at the mill", at.MILL, FIELD, SERVICE, filer=IVO, mpn=UTRECHT),
        rejected(8, Rejection.MISSING_PRODUCTS, "Customer Service is nowhere in the proof.", filer=IVO),
    ),
)
