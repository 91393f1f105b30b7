"""Settings: the only reader of the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting of the console, validated once at start."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    environment: Literal["development", "production"] = "development"
    secret_key: str = Field(default="development-only-secret-key-0000000000", repr=False)
    database_url: str = Field(default="", repr=False)
    database_owner_url: str = Field(default="", repr=False)
    redis_url: str = Field(default="", repr=False)
    console_data_dir: Path = Path("./var")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    rate_limit_api: str = "100/minute"

    @property
    def production(self) -> bool:
        """Whether the strict rules of production hold."""
        return self.environment == "production"


def load_settings() -> Settings:
    """Settings from the environment; raises pydantic's ValidationError with every fault at once."""
    return Settings()
