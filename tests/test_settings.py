"""Settings: read once, every bad key told together, documented as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import SettingsError
from newsletter.sending_rules import parse_relay
from newsletter.settings import Settings, env_name, load
from tests import documents


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for key in [key for key in os.environ if key.startswith("NEWSLETTER_")]:
        monkeypatch.delenv(key)


def test_env_example_and_docs_say_what_the_settings_are() -> None:
    assert documents.EXAMPLE.read_text("utf-8") == documents.env_example()
    assert documents.TABLE.read_text("utf-8") == documents.settings_table()


def test_env_example_loads_and_changes_nothing_but_what_it_must(tmp_path: Path) -> None:
    loaded = load(documents.EXAMPLE)
    text = documents.EXAMPLE.read_text("utf-8").replace("\n#NEWSLETTER_", "\nNEWSLETTER_")
    all_set = "\n".join(line for line in text.splitlines() if not line.endswith("="))
    (tmp_path / ".env").write_text(all_set, "utf-8")
    assert load(tmp_path / ".env") == loaded


def test_every_bad_key_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {
        "NEWSLETTER_BASE_URL": "papers.example.org",
        "NEWSLETTER_FROM": "nobody",
        "NEWSLETTER_SMTP_URL": "http://relay",
        "NEWSLETTER_SMTP_CONNECTIONS": "many",
        "NEWSLETTER_SMTP_ULR": "smtp://relay",
        "NEWSLETTER_DATABASE_URL": "mysql://x",
        "NEWSLETTER_SENDGRID_KEY": "c2VjcmV0",
    }
    for key, value in bad.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        load(None)
    told = str(caught.value).splitlines()[1:]
    assert sorted(line.split()[0].rstrip(":") for line in told) == sorted(bad)
    assert "pydantic" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    ['NEWSLETTER_FROM="Paper Round" <digest@example.org>', 'NEWSLETTER_FROM="a@b.org', "= x"],
)
def test_a_line_that_nobody_can_read_is_told_and_not_passed_over(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"# Sender\n{line}\n", "utf-8")
    with pytest.raises(SettingsError, match="line 2"):
        load(tmp_path / ".env")


def test_a_file_with_a_byte_order_mark_loads(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("NEWSLETTER_SITE_NAME=Papers\n", "utf-8-sig")
    assert load(tmp_path / ".env").site_name == "Papers"


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "NEWSLETTER_SITE_NAME=From the file\nNEWSLETTER_CONTACT=a@example.org\n", "utf-8"
    )
    monkeypatch.setenv("NEWSLETTER_SITE_NAME", "From outside")
    loaded = load(file)
    assert (loaded.site_name, loaded.contact) == ("From outside", "a@example.org")


def test_an_empty_value_is_unset_and_a_missing_folder_is_told(monkeypatch) -> None:
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", "")
    monkeypatch.setenv("NEWSLETTER_FROM", "")
    loaded = load(None)
    assert (loaded.smtp_url, loaded.from_) == (None, None)
    monkeypatch.setenv("NEWSLETTER_TEMPLATES", "/no/such/folder")
    with pytest.raises(
        SettingsError, match="NEWSLETTER_TEMPLATES: /no/such/folder is not a folder"
    ):
        load(None)


def test_none_is_no_place_at_all_and_empty_is_the_default(monkeypatch) -> None:
    monkeypatch.setenv("NEWSLETTER_SIGNALS", "none")
    monkeypatch.setenv("NEWSLETTER_SOURCES", "none")
    assert (load(None).signals, load(None).sources) == ((), ())
    monkeypatch.setenv("NEWSLETTER_SIGNALS", "")
    assert load(None).signals == ("hackernews",)


def test_the_encoder_is_minilm_a_model_id_or_a_folder(tmp_path, monkeypatch) -> None:
    for good in ("minilm", "sentence-transformers/all-MiniLM-L6-v2", str(tmp_path)):
        monkeypatch.setenv("NEWSLETTER_ENCODER", good)
        assert load(None).encoder == good
    monkeypatch.setenv("NEWSLETTER_ENCODER", "")
    assert load(None).encoder is None
    monkeypatch.setenv("NEWSLETTER_ENCODER", "minlm")
    with pytest.raises(SettingsError, match="NEWSLETTER_ENCODER: must be minilm"):
        load(None)


def test_what_would_mail_real_people_forgeable_links_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        load(None).require_real()
    assert "NEWSLETTER_SECRET_KEY" in str(caught.value)
    assert "NEWSLETTER_FROM" in str(caught.value)
    with pytest.raises(SettingsError, match="too short"):
        Settings(_env_file=None, secret_key="short", from_="a@example.org").require_real()
    Settings(_env_file=None, secret_key="long enough a text", from_="a@example.org").require_real()


def test_settings_are_frozen_and_hide_secrets() -> None:
    settings = Settings(_env_file=None, secret_key="the secret", smtp_url="smtp://a:hush@relay")
    with pytest.raises(ValueError, match="frozen"):
        settings.site_name = "other"  # type: ignore[misc]
    assert "the secret" not in repr(settings)
    assert "hush" not in repr(settings) + repr(settings.relays)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://relay", ("relay", 25, "opportunistic", None, None, True)),
        ("smtps://ada:p%40ss@relay", ("relay", 465, "tls", "ada", "p@ss", True)),
        ("smtp+starttls://relay:2525?verify=no", ("relay", 2525, "starttls", None, None, False)),
        ("smtp://[::1]:25", ("::1", 25, "opportunistic", None, None, True)),
    ],
)
def test_relays(url: str, expected: tuple[object, ...]) -> None:
    relay = parse_relay(url)
    found = (relay.host, relay.port, relay.security, relay.login, relay.password, relay.verify)
    assert found == expected


def test_names_of_the_environment() -> None:
    assert env_name("from_") == "NEWSLETTER_FROM"
    assert env_name("smtp_url") == "NEWSLETTER_SMTP_URL"


@pytest.mark.parametrize(
    "given", [{"SUMMARY_URL": "http://127.0.0.1:1/v1"}, {"SUMMARY_MODEL": "a-model"}]
)
def test_a_model_has_an_address_and_an_address_a_model(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"NEWSLETTER_{name}", value)
    with pytest.raises(
        SettingsError, match="NEWSLETTER_SUMMARY_MODEL: must be set where"
    ) as caught:
        load(None)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("key", ["schlüssel", "a key", "a\tkey", "“quoted”"])
def test_a_key_that_no_header_can_hold_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("NEWSLETTER_SUMMARY_KEY", key)
    with pytest.raises(SettingsError, match="SUMMARY_KEY: must be ASCII") as caught:
        load(None)
    assert key not in str(caught.value)
