"""The database handle, the declarative base and the column types every room shares."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Identity, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry

# Stable names let Alembic drop and compare constraints on any PostgreSQL.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

intpk = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
uuidpk = Annotated[uuid.UUID, mapped_column(Uuid, primary_key=True, default=uuid.uuid4)]
utc = Annotated[datetime, mapped_column(DateTime(timezone=True))]
jsonb = Annotated[dict[str, Any], mapped_column(JSONB)]


# The map lives on a registry of ours because Flask-SQLAlchemy subclasses the base it is given.
_registry = registry(
    metadata=MetaData(naming_convention=NAMING),
    type_annotation_map={
        str: Text(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        uuid.UUID: Uuid(),
    },
)


class Model(DeclarativeBase):
    """Base of all tables. `info={"append_only": True}` in `__table_args__` withholds UPDATE and DELETE."""

    registry = _registry
    metadata = _registry.metadata


db = SQLAlchemy(model_class=Model, disable_autonaming=True)
