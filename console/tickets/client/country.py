"""Public holidays by country and region, from the `holidays` library.

They are copied into a calendar, never looked up live: a newer release of the library must not move a deadline.
"""

from datetime import date
from functools import cache
from typing import Final

import holidays
from holidays.registry import COUNTRIES

from console.infra.errors import Fault, Invalid

ENGLISH: Final = ("en_US", "en_GB", "en")
EARLIEST, LATEST, MOST_YEARS = 1970, 2100, 10
_SMALL: Final = {"And", "Of", "The"}


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """All countries as (code, name), by name."""
    return tuple(sorted(((row[1], _name(key)) for key, row in COUNTRIES.items()), key=lambda pair: pair[1]))


@cache
def regions(country: str) -> tuple[tuple[str, str], ...]:
    """The regions of a country as (code, name); raises Invalid for an unknown country."""
    found = _of(country, None, ())
    names: dict[str, list[str]] = {}
    for name, code in found.subdivisions_aliases.items():
        names.setdefault(str(code), []).append(str(name))
    return tuple((code, names.get(code, [code])[-1]) for code in found.subdivisions)


def of(country: str, region: str | None, years: range) -> list[tuple[date, str]]:
    """The public holidays of a country, with a region also its own; in English where the library can.

    `region` is a code or a name. Raises Invalid, with a pointer, for an unknown country, region or span of years.
    """
    check_years(years)
    found = _of(country, _region(country, region) if region else None, tuple(years))
    return sorted((day, str(name)[:200]) for day, name in found.items())


def check_years(years: range) -> None:
    """Raises Invalid unless these are some years within reach."""
    if not years or len(years) > MOST_YEARS or years[0] < EARLIEST or years[-1] > LATEST:
        sentence = f"Up to {MOST_YEARS} years between {EARLIEST} and {LATEST}, the first one first."
        raise Invalid(sentence, errors=[Fault("/years", sentence)])


def _of(country: str, region: str | None, years: tuple[int, ...]) -> holidays.HolidayBase:
    if country not in {code for code, _ in countries()}:
        sentence = f"“{country}” is no country of two letters such as DE."
        raise Invalid(sentence, errors=[Fault("/country", sentence)])
    plain = holidays.country_holidays(country)
    language = next((each for each in ENGLISH if each in plain.supported_languages), None)
    return holidays.country_holidays(country, subdiv=region, years=years, language=language)


def _region(country: str, wanted: str) -> str:
    known = regions(country)
    plain = wanted.strip().casefold()
    for code, name in known:
        if plain in {code.casefold(), name.casefold()}:
            return code
    some = ", ".join(f"{code} ({name})" if code != name else code for code, name in known[:8])
    sentence = f"“{wanted}” is no region of {country}. " + (f"There are {some}…" if some else "It has none.")
    raise Invalid(sentence, errors=[Fault("/region", sentence)])


def _name(key: str) -> str:
    words = [word.capitalize() for word in key.split("_")]
    return " ".join(word.lower() if word in _SMALL and number else word for number, word in enumerate(words))
