"""Keys: made for their owner alone, never overwritten, refused where they are too weak."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from newsletter.deliver.keys import load_key, new_key, read_record, record, zone_line
from newsletter.errors import NewsletterError, SettingsError
from newsletter.settings import Settings
from tests.operator import Operator


def write(path: Path, key, lock=None) -> Path:
    lock = lock or NoEncryption()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    return path


@pytest.mark.parametrize("ed25519", [False, True])
def test_a_key_is_made_for_its_owner_and_read_back(tmp_path: Path, ed25519: bool) -> None:
    path = tmp_path / "key.pem"
    made = new_key(path, ed25519=ed25519)
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(NewsletterError, match="never overwritten"):
        new_key(path)
    assert path.read_bytes() == before
    public = load_key(path).public_key()
    assert public == made.public_key() == read_record(record(public))


def test_keys_that_are_not_signed_with_are_told(tmp_path: Path) -> None:
    small = rsa.generate_private_key(65537, 1024)
    locked = BestAvailableEncryption(b"secret")
    (tmp_path / "text").write_text("hello")
    for path, words in [
        (write(tmp_path / "small", small), "1024 bits; 2048 are the least"),
        (write(tmp_path / "curve", ec.generate_private_key(ec.SECP256R1())), "neither an RSA"),
        (write(tmp_path / "locked", small, locked), "locked by a password"),
        (tmp_path / "text", "no private key in PEM"),
        (tmp_path / "nothing", "cannot be read: No such file"),
    ]:
        with pytest.raises(SettingsError, match=words):
            load_key(path)


def test_keys_of_openssl_serve(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl: install Debian's package openssl")
    for form in ([], ["-traditional"]):
        path = tmp_path / f"key{len(form)}"
        subprocess.run(
            ["openssl", "genrsa", *form, "-out", str(path), "2048"], check=True, capture_output=True
        )
        assert load_key(path).key_size == 2048  # type: ignore[union-attr]


def test_a_long_record_is_split_and_joins_to_itself() -> None:
    text = "v=DKIM1; k=rsa; p=" + "A" * 700
    line = zone_line("s1._domainkey.example.org", text)
    assert line.startswith('s1._domainkey.example.org. IN TXT ( "v=DKIM1')
    strings = line.split('"')[1::2]
    assert max(map(len, strings)) == 255
    assert "".join(strings) == text


def test_the_commands(tmp_path: Path) -> None:
    operator = Operator(tmp_path, f"sqlite:///{tmp_path / 'newsletter.sqlite3'}")
    made = operator.run("dkim", "new", "--selector", "s1")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("s1._domainkey.paperround.example. IN TXT (")
    setting = made.stderr.strip().splitlines()[-1]
    name, _, value = setting.partition("=")
    assert name == "NEWSLETTER_DKIM_KEYS"
    assert "refuse" not in made.stderr
    operator.settings["DKIM_KEYS"] = value
    assert operator.run("dkim", "show").stdout == made.stdout
    again = operator.run("dkim", "new", "--selector", "s1")
    assert (again.returncode, "never overwritten" in again.stderr) == (1, True)
    assert operator.run("dkim", "new", "--selector", "not one").returncode == 2
    second = operator.json("dkim", "new", "--ed25519", "--selector", "e1")
    assert second["setting"].startswith(f"{setting},e1:")
    assert operator.run("status").returncode == 0


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("dkim_keys", "s1", "SELECTOR:FILE"),
        ("dkim_keys", "s1:a,s1:b", "twice"),
        ("dkim_keys", "s 1:a", "SELECTOR:FILE"),
        ("dkim_domain", "b\u00fccher.example", "A-labels"),
        ("dkim_canonicalization", "simple/simple", "relaxed"),
        ("sending_ips", "192.0.2.1,mail", "not an IP address"),
        ("dns_server", "localhost", "not an IP address"),
        ("dns_server", "127.0.0.1:0", "port"),
    ],
)
def test_settings_that_cannot_be(key: str, value: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings(_env_file=None, **{key: value})
