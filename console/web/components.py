"""The macros of `templates/shared/ui/` as one Jinja global, `ui`: `{{ ui.icon("bell") }}`.

A block that jinja2-fragments renders alone does not run the top of its template, so an import there would be missing;
a global is always there.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask
from jinja2 import Environment

# Macros that say the same whenever they are asked the same, and are asked hundreds of times a page.
PURE = frozenset({"avatar", "icon", "key", "owner", "severity", "severity_badge", "state", "state_badge"})
REMEMBERED = 4_096


class Components:
    """Finds a macro by name in the files of `templates/shared/ui/`; they are loaded on first use."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._homes: dict[str, str] = {}
        self._remembering: dict[str, tuple[Any, Callable[..., Any]]] = {}

    def __getattr__(self, name: str) -> Any:
        """The macro; AttributeError when no file has it."""
        known = self._remembering.get(name)
        if known is not None and not self._env.auto_reload:
            return known[1]
        # A page asks for hundreds of macros: the folder is walked once for each name. Templates reload as they like.
        for filename in (self._homes[name],) if name in self._homes else self._files():
            module = self._env.get_template(filename).module
            if name in module.__dict__:
                self._homes[name] = filename
                macro = module.__dict__[name]
                return self._remembered(name, macro) if name in PURE else macro
        raise AttributeError(f"no component is called {name!r}")

    def _remembered(self, name: str, macro: Any) -> Callable[..., Any]:
        known = self._remembering.get(name)
        if known is None or known[0] is not macro:
            known = self._remembering[name] = (macro, lru_cache(REMEMBERED)(macro))
        return known[1]

    def _files(self) -> list[str]:
        return self._env.list_templates(filter_func=lambda name: name.startswith("shared/ui/"))


def init_app(app: Flask) -> None:
    """Templates get `ui`."""
    app.jinja_env.globals["ui"] = Components(app.jinja_env)
