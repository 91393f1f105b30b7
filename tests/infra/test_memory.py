"""Web processes leave what they were born with out of collections."""

import subprocess
import sys

BORN = """
import gc
from console.cli import gunicorn

gunicorn.when_ready(None)
print(gc.get_freeze_count() > 50_000, gc.get_threshold()[0] > 700)

class Knot:
    pass

knot = Knot()
knot.itself = knot
del knot
print(gc.collect() > 0, any(isinstance(found, Knot) for found in gc.get_objects()))
"""


def test_what_is_shared_is_left_out_and_what_comes_later_is_still_collected() -> None:
    # A process of its own: frozen is frozen, and this one runs other tests.
    told = subprocess.run([sys.executable, "-c", BORN], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == ["True", "True", "True", "False"]
