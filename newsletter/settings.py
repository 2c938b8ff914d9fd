"""All settings: one frozen object, read once, every bad key reported together."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from dotenv.parser import Binding, parse_stream
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from newsletter.errors import SettingsError

PREFIX = "NEWSLETTER_"
DEFAULT_SECRET = "change-me"  # noqa: S105  (refused by `require_real`)


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed over, as told by an SMTP URL.

    `security`: "tls" from the first byte (smtps://), "starttls" demanded (smtp+starttls://),
    "opportunistic" (smtp://: STARTTLS where offered, and always before a login).
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "opportunistic"]
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    verify: bool = True


_SCHEMES: dict[str, tuple[Literal["tls", "starttls", "opportunistic"], int]] = {
    "smtp": ("opportunistic", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}


def parse_relay(url: str) -> Relay:
    """Read `smtp://[login:password@]host[:port][?verify=no]`. Raises ValueError in plain words."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ValueError("must begin with smtp://, smtp+starttls:// or smtps://")
    if not parts.hostname:
        raise ValueError("names no host")
    security, port = _SCHEMES[parts.scheme]
    return Relay(
        host=parts.hostname,
        port=parts.port or port,
        security=security,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        verify=parse_qs(parts.query).get("verify", ["yes"])[0] != "no",
    )


class Settings(BaseSettings):
    """What an operator may set, from the environment or `.env`, each key with the prefix NEWSLETTER_.

    The description of a key is the line that stands above it in `.env.example` and in the docs.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
    )

    database_url: str = Field(
        "sqlite:///newsletter.sqlite3",
        description="Database: sqlite:///FILE, or postgresql://LOGIN:PASSWORD@HOST/NAME.",
    )
    base_url: str = Field(
        "http://127.0.0.1:8000",
        description="Public address of the site; every link in every mail begins with it.",
    )
    secret_key: str = Field(
        DEFAULT_SECRET,
        description="Signs the links in mails; any long random text, kept for ever.",
        repr=False,
    )
    from_: str | None = Field(
        None,
        alias=f"{PREFIX}FROM",
        description="Sender of all mails, such as Paperround <digest@example.org>.",
    )
    smtp_url: str | None = Field(
        None,
        description="Relay: smtp://, smtp+starttls:// or smtps:// [LOGIN:PASSWORD@]HOST[:PORT]. "
        "Unset: mails become .eml files in the outbox.",
        repr=False,
    )
    smtp_connections: int = Field(
        4, ge=1, le=64, description="Connections to the relay at the same time."
    )
    outbox: Path = Field(
        Path("outbox"), description="Folder for .eml files while SMTP_URL is unset."
    )
    sources: Annotated[tuple[str, ...], NoDecode] = Field(
        ("arxiv-rss:cs.AI+cs.CL+cs.CV+cs.LG", "hf-daily"),
        description="Sources, comma-separated: arxiv-rss:CATEGORIES, arxiv-api:CATEGORIES, hf-daily, "
        "or the address of any feed; or none.",
    )
    signals: Annotated[tuple[Literal["hackernews", "github", "reddit"], ...], NoDecode] = Field(
        ("hackernews",),
        description="Where papers are talked about, comma-separated: hackernews, github (stars), "
        "reddit; or none.",
    )
    site_name: str = Field(
        "Paperround", min_length=1, max_length=60, description="Name of the site."
    )
    contact: str | None = Field(
        None,
        description="Address that sources and readers can write to; sent as part of User-Agent.",
    )
    postal_address: str | None = Field(
        None, description="Postal address of the operator, shown in every digest (CAN-SPAM)."
    )
    templates: Path | None = Field(
        None, description="Folder with templates of your own; what it lacks comes from Paperround."
    )
    window_days: int = Field(
        10,
        ge=8,
        le=60,
        description="Papers listed longer ago than this many days are not news; at least 8, for a "
        "weekly digest must reach over its week.",
    )
    encoder: str | None = Field(
        None,
        description="Sentence model for matching by meaning: minilm, a model id such as "
        "sentence-transformers/all-MiniLM-L6-v2, or a folder; needs paperround[semantic]. "
        "Unset: papers are matched by their words alone.",
    )
    collect_minutes: int = Field(
        60, ge=5, le=1440, description="Minutes between two visits to the sources."
    )
    allow_private_sources: bool = Field(
        default=False, description="Allow sources at private and loopback addresses: true or false."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log lines to show: debug, info, warning or error."
    )

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must begin with http:// or https:// and name a host")
        if parts.query or parts.fragment:
            raise ValueError("must not have a query or fragment")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        if value == "sqlite:///":
            raise ValueError("names no file")
        return value

    @field_validator("from_")
    @classmethod
    def _sender(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if any(ord(char) < 32 for char in value) or "@" not in parseaddr(value)[1]:
            raise ValueError("must be an address such as Paperround <digest@example.org>")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _relay_url(cls, value: str | None) -> str | None:
        if value is not None:
            parse_relay(value)
        return value

    @field_validator("templates")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"{value} is not a folder")
        return value

    @field_validator("encoder")
    @classmethod
    def _model(cls, value: str | None) -> str | None:
        if (
            value is not None
            and value != "minilm"
            and "/" not in value
            and not Path(value).is_dir()
        ):
            raise ValueError("must be minilm, a model id such as owner/name, or a folder")
        return value

    @field_validator("sources", "signals", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if value == "none":  # an empty value cannot say it, for that stands for the default
            return ()
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def relay(self) -> Relay | None:
        """The relay of SMTP_URL, or None where mails go to the outbox."""
        return parse_relay(self.smtp_url) if self.smtp_url else None

    def require_real(self) -> Self:
        """Refuse settings that would mail real people links that anybody can forge.

        Raises SettingsError that names every key at fault.
        """
        bad = []
        if self.secret_key == DEFAULT_SECRET:
            bad.append(
                f"{PREFIX}SECRET_KEY is still the default: set it to a long random text, "
                "for instance the output of: python3 -c 'import secrets; print(secrets.token_hex(32))'"
            )
        elif len(self.secret_key) < 16:
            bad.append(f"{PREFIX}SECRET_KEY is too short: 16 characters or more")
        if self.from_ is None:
            bad.append(f"{PREFIX}FROM is not set: it names the sender of all mails")
        if bad:
            raise SettingsError("settings that cannot work:\n  " + "\n  ".join(bad))
        return self


def env_name(field_name: str) -> str:
    """The environment variable of a field: `smtp_url` -> `NEWSLETTER_SMTP_URL`."""
    return PREFIX + field_name.rstrip("_").upper()


def load(env_file: Path | None = Path(".env")) -> Settings:
    """Read the settings from the environment and `.env`.

    Raises SettingsError with one line for each bad or unknown key, or unreadable line.
    """
    known = {env_name(name) for name in Settings.model_fields}
    bad = [f"{key} is not a setting" for key in sorted(_keys(_lines(env_file)) - known)]
    try:
        settings = Settings(_env_file=env_file)
    except ValidationError as error:
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else "?"
            key = name if name.startswith(PREFIX) else env_name(name)
            bad.append(f"{key}: {problem['msg'].removeprefix('Value error, ')}")
    if bad:
        raise SettingsError("settings that cannot work:\n  " + "\n  ".join(bad))
    return settings


def _keys(lines: Sequence[Binding]) -> set[str]:
    """Every key with our prefix, from the environment and the file, so that a typo is told."""
    names = [*os.environ, *(line.key for line in lines if line.key)]
    return {key.upper() for key in names if key.upper().startswith(PREFIX)}


def _lines(env_file: Path | None) -> list[Binding]:
    """What stands in the file, as it will be read. Raises SettingsError for lines that nobody can read."""
    if env_file is None or not env_file.is_file():
        return []
    try:
        lines = list(parse_stream(io.StringIO(env_file.read_text("utf-8-sig"))))
    except UnicodeDecodeError:
        raise SettingsError(f"{env_file} is not UTF-8 text") from None
    except OSError as error:
        raise SettingsError(f"{env_file} cannot be read: {error.strerror}") from error
    bad = [
        f"{env_file}, line {line.original.line}: not of the form NAME=VALUE, or wrongly quoted"
        for line in lines
        if line.error
    ]
    if bad:
        raise SettingsError("settings that cannot work:\n  " + "\n  ".join(bad))
    return lines
