"""Holidays to put into a calendar: of a country and its regions, or out of a file. Nothing is stored here."""

from datetime import date

from flask import Response, request
from pydantic import BaseModel, Field

from console.infra import clock
from console.infra.actor import Scope
from console.infra.errors import UnsupportedType
from console.tickets.api.shared import bp, reply
from console.tickets.client import country, ics
from console.web.auth import requires_scope
from console.web.inputs import query, whole_body
from console.web.openapi import describe

# What a body of text/calendar may be called by senders.
TYPES = frozenset({"text/calendar", "application/octet-stream", "text/plain"})


class YearsIn(BaseModel):
    """Which years, both included; this one and the next when left out."""

    first_year: int | None = Field(None, ge=country.EARLIEST, le=country.LATEST)
    last_year: int | None = Field(None, ge=country.EARLIEST, le=country.LATEST)

    def years(self) -> range:
        """As a range; raises Invalid."""
        first = self.first_year if self.first_year is not None else clock.now().year
        last = self.last_year if self.last_year is not None else max(first, clock.now().year + 1)
        found = range(first, last + 1)
        country.check_years(found)
        return found


class CountryIn(YearsIn):
    """Which country, by its two letters, and which region, by code or name."""

    country: str = Field(max_length=2)
    region: str | None = Field(None, max_length=100)


class HolidayOut(BaseModel):
    """A day, as a calendar takes it."""

    date: date
    name: str
    enabled: bool = True


class HolidaysOut(BaseModel):
    """Holidays by date. `left_out` counts events of a file that are no whole days, cancelled or unreadable."""

    items: list[HolidayOut]
    left_out: int = 0


class PlaceOut(BaseModel):
    """A country or a region."""

    code: str
    name: str


class PlacesOut(BaseModel):
    """Countries or regions."""

    items: list[PlaceOut]


@bp.get("/sla/holidays")
@requires_scope(Scope.READ)
@describe("Public holidays of a country or region, to put into a calendar", query=CountryIn, reply=HolidaysOut)
def list_holidays() -> Response:
    """As the library has them now; a calendar keeps what is put into it."""
    wanted = query(CountryIn)
    found = country.of(wanted.country.upper(), wanted.region, wanted.years())
    return reply(HolidaysOut(items=[HolidayOut(date=day, name=name) for day, name in found]))


@bp.get("/sla/holidays/countries")
@requires_scope(Scope.READ)
@describe("Countries whose holidays are known", reply=PlacesOut)
def list_countries() -> Response:
    """All of them, by name."""
    return reply(PlacesOut(items=[PlaceOut(code=code, name=name) for code, name in country.countries()]))


@bp.get("/sla/holidays/countries/<code>")
@requires_scope(Scope.READ)
@describe("Regions of a country that have holidays of their own", reply=PlacesOut)
def list_regions(code: str) -> Response:
    """All of them, by code."""
    return reply(PlacesOut(items=[PlaceOut(code=each, name=name) for each, name in country.regions(code.upper())]))


@bp.post("/sla/holidays/file")
@requires_scope(Scope.READ)
@describe("Read the all-day events of an iCalendar file (text/calendar, up to 2 MB)", query=YearsIn, reply=HolidaysOut)
def read_file() -> Response:
    """Ends are exclusive, repetitions counted out for the years asked for."""
    if request.mimetype not in TYPES:
        raise UnsupportedType("Send the file with 'Content-Type: text/calendar'.")
    wanted = query(YearsIn)
    raw = whole_body(at_most=ics.MOST_BYTES, too_large="A holiday file may have 2 MB. Nothing was read.")
    found = ics.read(raw, wanted.years())
    items = [HolidayOut(date=each.date, name=each.name, enabled=each.enabled) for each in found.days]
    return reply(HolidaysOut(items=items, left_out=found.left_out))
