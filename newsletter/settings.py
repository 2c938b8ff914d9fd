"""All settings: one frozen object, read once, every bad key reported together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from dotenv.parser import Binding
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from newsletter.env_file import read_lines
from newsletter.errors import SettingsError
from newsletter.sending_rules import Relay, parse_relays
from newsletter.setting_types import (
    ApiKey,
    BounceAddress,
    BounceListen,
    Database,
    DkimKeys,
    Domain,
    Folder,
    IpAddresses,
    Login,
    MailboxUrl,
    NameServer,
    PublicKey,
    QuietTime,
    RelayUrls,
    Sender,
    SentenceModel,
    Signals,
    Sources,
    Topics,
    WarmUpPlan,
    WebAddress,
)

PREFIX = "NEWSLETTER_"
DEFAULT_SECRET = "change-me"  # noqa: S105  (refused by `require_real`)


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

    database_url: Database = Field(
        "sqlite:///newsletter.sqlite3",
        description="Database: sqlite:///FILE, or postgresql://LOGIN:PASSWORD@HOST/NAME.",
    )
    base_url: WebAddress = Field(
        "http://127.0.0.1:8000",
        description="Public address of the site; every link in every mail begins with it.",
    )
    secret_key: str = Field(
        DEFAULT_SECRET,
        description="Signs the links in mails; any long random text, kept for ever.",
        repr=False,
    )
    from_: Sender | None = Field(
        None,
        alias=f"{PREFIX}FROM",
        description="Sender of all mails, such as Paperround <digest@example.org>.",
    )
    smtp_url: RelayUrls | None = Field(
        None,
        description="Relay: smtp://, smtp+starttls:// or smtps:// [LOGIN:PASSWORD@]HOST[:PORT]; several, "
        "comma-separated, each with ?weight=3&connections=8&mails=100 on wish, see docs/delivery.md. "
        "Unset: mails become .eml files in the outbox.",
        repr=False,
    )
    bounce_address: BounceAddress | None = Field(
        None,
        description="Address that takes what comes back, such as bounces@example.org; its mail and that "
        "to bounces+ANYTHING@example.org must reach Paperround, see docs/bounces.md. Unset: mails come "
        "back to FROM.",
    )
    bounce_listen: BounceListen | None = Field(
        None,
        description="Where `up` and `serve` listen for returned mail from the mail server beside them: "
        "lmtp://127.0.0.1:2424 or smtp://127.0.0.1:2525.",
    )
    bounce_imap: MailboxUrl | None = Field(
        None,
        description="Mailbox with returned mail: imaps:// or imap+starttls://LOGIN:PASSWORD@HOST[/FOLDER], "
        "read by `up` every five minutes and by `newsletter bounces --imap`.",
        repr=False,
    )
    ses_topics: Topics = Field(
        (),
        description="ARNs of the SNS topics, comma-separated, by which Amazon SES posts to /hooks/ses.",
    )
    mailgun_key: str | None = Field(
        None, description="Mailgun's HTTP webhook signing key, for /hooks/mailgun.", repr=False
    )
    postmark_login: Login | None = Field(
        None,
        description="LOGIN:PASSWORD that you put into Postmark's webhook address, for /hooks/postmark.",
        repr=False,
    )
    sendgrid_key: PublicKey | None = Field(
        None, description="SendGrid's verification key of signed events, for /hooks/sendgrid."
    )
    smtp_connections: int = Field(
        8, ge=1, le=256, description="Connections to the relays at the same time, of each process."
    )
    send_rate: float | None = Field(
        None,
        gt=0,
        description="Most digests a second, over all processes of a run. Unset: no limit.",
    )
    domain_rate: float | None = Field(
        None,
        gt=0,
        description="Most digests a second to one domain of recipients. Unset: no limit until it asks for "
        "one (421, 4.7.x).",
    )
    quiet_hours: QuietTime | None = Field(
        None, description="When no digest leaves, such as 22:00-06:00 Europe/Berlin."
    )
    warm_up: WarmUpPlan | None = Field(
        None,
        description="A new sender's first days, such as 2026-11-20:500:1.5: at most 500 digests on that "
        "day (UTC), and on each after it 1.5 times as many.",
    )
    retry_hours: int = Field(
        24,
        ge=1,
        le=168,
        description="Hours for which a mail that the relay puts off is tried again.",
    )
    deadline_hours: int = Field(
        20,
        ge=1,
        le=100_000,
        description="Hours after which a digest that nobody tried to send is not sent any more, but "
        "skipped; `newsletter send --late` sends it.",
    )
    uncertain: Literal["resend", "hold"] = Field(
        "resend",
        description="What to do where the relay fell silent after a whole mail: resend it (with the same "
        "Message-ID), or hold it for `newsletter send --held`.",
    )
    stop_loss: int = Field(
        10,
        ge=1,
        le=100,
        description="Percent of an edition's mails that may be refused for good before it stops; "
        "100: never.",
    )
    dkim_keys: DkimKeys = Field(
        (),
        description="DKIM keys that sign every mail, comma-separated, each SELECTOR:FILE; "
        "`newsletter dkim new` makes one. Unset: mails are not signed here.",
    )
    dkim_domain: Domain | None = Field(
        None, description="Domain that signs: FROM's, or one above it. Unset: FROM's."
    )
    dkim_canonicalization: Literal["relaxed/relaxed", "relaxed/simple"] = Field(
        "relaxed/relaxed",
        description="How much a relay may change a signed mail: relaxed/relaxed (blanks, too), or "
        "relaxed/simple (blanks in the header alone).",
    )
    sending_ips: IpAddresses = Field(
        (),
        description="Addresses that mail leaves to the world from, comma-separated, which `newsletter "
        "doctor` asks SPF and PTR about. Unset: those of the relay.",
    )
    dns_server: NameServer | None = Field(
        None,
        description="Name server that `newsletter doctor` asks: an IP address, or ADDRESS:PORT. "
        "Unset: the system's.",
    )
    outbox: Path = Field(
        Path("outbox"), description="Folder for .eml files while SMTP_URL is unset."
    )
    sources: Sources = Field(
        ("arxiv-rss:cs.AI+cs.CL+cs.CV+cs.LG", "hf-daily"),
        description="Sources, comma-separated: arxiv-rss:CATEGORIES, arxiv-api:CATEGORIES, hf-daily, "
        "or the address of any feed; or none.",
    )
    signals: Signals = Field(
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
    templates: Folder | None = Field(
        None, description="Folder with templates of your own; what it lacks comes from Paperround."
    )
    window_days: int = Field(
        10,
        ge=8,
        le=60,
        description="Papers listed longer ago than this many days are not news; at least 8, for a "
        "weekly digest must reach over its week.",
    )
    processes: int = Field(
        2,
        ge=1,
        le=64,
        description="Processes that plan and send an edition for many thousands; few readers need but one.",
    )
    encoder: SentenceModel | None = Field(
        None,
        description="Sentence model for matching by meaning: minilm, a model id such as "
        "sentence-transformers/all-MiniLM-L6-v2, or a folder; needs paperround[semantic]. "
        "Unset: papers are matched by their words alone.",
    )
    summary_url: WebAddress | None = Field(
        None,
        description="Language model that writes summaries: the address of an endpoint with OpenAI's "
        "chat protocol, up to /chat/completions, such as http://127.0.0.1:11434/v1. Unset: summaries "
        "are sentences of the abstracts.",
    )
    summary_model: str | None = Field(
        None,
        max_length=120,
        validate_default=True,
        description="Name of the model at SUMMARY_URL.",
    )
    summary_key: ApiKey | None = Field(
        None, description="Key for SUMMARY_URL, if it wants one.", repr=False
    )
    summary_requests: int = Field(
        200, ge=0, description="Most requests to SUMMARY_URL in a day (UTC), failed ones included."
    )
    summary_connections: int = Field(
        2, ge=1, le=32, description="Requests at the same time, by each visit to SUMMARY_URL."
    )
    summary_seconds: float = Field(
        60, gt=0, le=600, description="Seconds that one answer of SUMMARY_URL may take."
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
    log_format: Literal["text", "json"] = Field(
        "text", description="How log lines are written: text, or json, one object a line."
    )

    @field_validator("bounce_listen")
    @classmethod
    def _has_an_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and "bounce_address" in info.data and not info.data["bounce_address"]:
            raise ValueError(f"needs {PREFIX}BOUNCE_ADDRESS, whose mail it takes")
        return value

    @field_validator("summary_model")
    @classmethod
    def _with_its_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "summary_url" in info.data and bool(info.data["summary_url"]) is not bool(value):
            raise ValueError(f"must be set where {PREFIX}SUMMARY_URL is, and only there")
        return value

    @property
    def relays(self) -> tuple[Relay, ...]:
        """The relays of SMTP_URL; none where mails go to the outbox."""
        return parse_relays(self.smtp_url) if self.smtp_url else ()

    @property
    def operator(self) -> str:
        """Whom those who are asked for something can write to or look at: CONTACT, else the site."""
        return self.contact or self.base_url

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
    bad = [f"{key} is not a setting" for key in sorted(_keys(read_lines(env_file)) - known)]
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
