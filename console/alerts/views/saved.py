"""Saved views of the list of alerts."""

from collections.abc import Mapping
from typing import Any

from console.alerts import forms
from console.alerts.rules.views import ALERTS, BUILT_IN
from console.alerts.views.blueprint import bp
from console.alerts.views.keeping import Keeping
from console.web.auth import current_actor


def told(narrowing: Mapping[str, Any]) -> str:
    """A view's filter in words of the search."""
    parts = [f"{name} {', '.join(forms.several(narrowing, name))}" for name in forms.FIELDS if narrowing.get(name)]
    return " · ".join([*parts, *forms.several(narrowing, "q")]) or "everything"


KEEPING = Keeping(
    ALERTS, BUILT_IN, forms.kept, told, lambda: current_actor().label, fields=forms.FIELDS, sorts=forms.SORTS
)
KEEPING.serve(bp, "/alerts/views")
