"""One sentence in the wrappings of its way is one alert; what differs in the sentence itself is not."""

import pytest

from console.alerts.rules.fingerprint import fingerprint
from console.alerts.rules.wrappings import unwrapped

NPE = "java.lang.NullPointerException"


def value(kind: str, message: str) -> str:
    return fingerprint(task="shop.work", exception_type=kind, message=message).value


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (NPE, 'Cannot invoke "p.getPrice()"', f'{NPE}: Cannot invoke "p.getPrice()"'),
        ("TypeError", "slug is not a function", "Uncaught TypeError: slug is not a function"),
        ("shop.errors.Refused", "card declined", "Refused: card declined"),
        (
            "OperationalError",
            "sorry, too many clients already",
            'psql: error: connection to server at "db", port 5432 failed: FATAL:  sorry, too many clients already',
        ),
        (
            "LockNotAvailable",
            "canceling statement due to lock timeout",
            'canceling statement due to lock timeout\nCONTEXT:  while locking tuple (20,4) in relation "days"',
        ),
    ],
)
def test_a_wrapping_makes_no_other_alert(kind: str, one: str, other: str) -> None:
    assert value(kind, one) == value(kind, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(1205, 'Lock wait timeout exceeded')", "(1213, 'Lock wait timeout exceeded')"),
        ("ERROR 1045 (28000): Access denied", "ERROR 1045 (42000): Access denied"),
        ("KeyError: price", "IndexError: price"),
        ('relation "orders" does not exist\nHINT:  look', 'relation "invoices" does not exist\nHINT:  look'),
    ],
)
def test_what_is_said_still_counts(one: str, other: str) -> None:
    assert value("OperationalError", one) != value("OperationalError", other)


@pytest.mark.parametrize("text", ["", "DETAIL: x", "Uncaught", "TypeError: ", "TypeError"])
def test_a_message_that_is_nothing_else_stays(text: str) -> None:
    assert unwrapped("TypeError", text) == text


def test_long_texts_take_no_longer_than_they_are() -> None:
    text = "connection to server at " * 300_000
    assert unwrapped("X", text) == text
