"""The macros of `templates/shared/ui/` as one Jinja global, `ui`: `{{ ui.icon("bell") }}`.

A block that jinja2-fragments renders alone does not run the top of its template, so an import there would be missing;
a global is always there.
"""

from typing import Any

from flask import Flask
from jinja2 import Environment


class Components:
    """Finds a macro by name in the files of `templates/shared/ui/`; they are loaded on first use."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._homes: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        """The macro; AttributeError when no file has it."""
        # A page asks for hundreds of macros: the folder is walked once for each name. Templates reload as they like.
        for filename in (self._homes[name],) if name in self._homes else self._files():
            module = self._env.get_template(filename).module
            if name in module.__dict__:
                self._homes[name] = filename
                return module.__dict__[name]
        raise AttributeError(f"no component is called {name!r}")

    def _files(self) -> list[str]:
        return self._env.list_templates(filter_func=lambda name: name.startswith("shared/ui/"))


def init_app(app: Flask) -> None:
    """Templates get `ui`."""
    app.jinja_env.globals["ui"] = Components(app.jinja_env)
