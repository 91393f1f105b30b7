"""A list, of alerts or of what stands above them, that somebody has given a name."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model, intpk


class SavedView(Model):
    """A filter in the list's own parameters, and an order. `owner` is an e-mail address; None: shared with all."""

    __tablename__ = "saved_views"

    id: Mapped[intpk]
    # Whose: a `Listing`'s name.
    list: Mapped[str]
    name: Mapped[str]
    owner: Mapped[str | None]
    filter: Mapped[dict[str, Any]]
    sort: Mapped[str] = mapped_column()
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("list IN ('alerts', 'tickets')", name="list"),
        CheckConstraint("sort IN ('worst', 'recent', 'oldest', 'due')", name="sort"),
        Index("uq_saved_views_name", "list", text("coalesce(owner, '')"), "name", unique=True),
    )
