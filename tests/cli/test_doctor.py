"""The doctor and the DNS: a real name server on loopback says what is right and what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from newsletter.cli import arrival
from newsletter.deliver.keys import load_key, record
from tests import nameserver, smtpd
from tests.operator import Operator

DOMAIN = "paperround.example"
HOST = "192.0.2.25"
PTR = "25.2.0.192.in-addr.arpa"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path, f"sqlite:///{tmp_path / 'newsletter.sqlite3'}")


@pytest.fixture
def dns(operator: Operator, tmp_path: Path) -> Iterator[nameserver.NameServer]:
    """A domain as it should be, keys made by the command, and the settings that it printed."""
    zone: nameserver.Zone = {
        (f"mail.{DOMAIN}", "A"): [HOST],
        (PTR, "PTR"): [f"mail.{DOMAIN}."],
        (DOMAIN, "MX"): [f"10 mail.{DOMAIN}."],
    }
    with nameserver.serving(zone) as found:
        found.put_txt(DOMAIN, "unrelated", "v=spf1 include:_spf.paperround.example -all")
        found.put_txt(f"_spf.{DOMAIN}", f"v=spf1 mx:{DOMAIN} ~all")
        found.put_txt(f"_dmarc.{DOMAIN}", "v=DMARC1; p=reject; rua=mailto:x@paperround.example")
        for options in ([], ["--ed25519"]):
            made = operator.json("dkim", "new", *options)
            found.put_txt(made["name"], made["record"])
            name, _, value = made["setting"].partition("=")
            operator.settings[name.removeprefix("NEWSLETTER_")] = value
        operator.settings |= {"DNS_SERVER": found.address, "SENDING_IPS": HOST}
        yield found


@pytest.fixture
def relay(operator: Operator, tmp_path: Path) -> Iterator[smtpd.Server]:
    with smtpd.running(tmp_path / "mailbox", "--bare") as server:
        operator.settings["SMTP_URL"] = f"smtp://127.0.0.1:{server.port}"
        yield server


def told(operator: Operator, *options: str) -> dict[str, tuple[bool, str]]:
    done = operator.run("doctor", *options, "--json")
    assert "Traceback" not in done.stderr
    checks = json.loads(done.stdout)["checks"]
    found = {check["check"]: (check["ok"], check["detail"]) for check in checks}
    assert done.returncode == (0 if all(ok for ok, _ in found.values()) else 1)
    return found


def dns_told(operator: Operator) -> dict[str, tuple[bool, str]]:
    """The doctor's words on the DNS, in this process, which is faster by far."""
    from newsletter.cli.domain import domain_checks

    return {name: (ok, detail) for name, ok, detail in domain_checks(operator.app(), None)}


def test_all_is_well(operator: Operator, dns, relay) -> None:
    found = told(operator)
    assert all(found[name][0] for name in ("keys", "spf", "dkim", "dmarc", "ptr")), found
    assert "2 of 10 lookups" in found["spf"][1]
    assert "rsa-sha256" in found["dkim"][1]
    assert "ed25519-sha256" in found["dkim"][1]
    assert found["dmarc"][1].startswith(f"p=reject at {DOMAIN}")


SPF: list[tuple[list[str], bool, str]] = [
    ([], False, "has no SPF record"),
    (["v=spf1 -all", "v=spf1 mx -all"], False, "2 SPF records"),
    (["v=spf1 ip4:198.51.100.0/24 -all"], False, f"{HOST} may not send for {DOMAIN}: fail"),
    (["v=spf1 ip4:198.51.100.0/24 ~all"], False, "softfail"),
    (["v=spf1 ip4:192.0.2.0/24 -all"], True, "0 of 10 lookups"),
    (["v=spf1 a:mail.paperround.example/28 -all"], True, "1 of 10"),
    (["v=spf1 redirect=_spf.paperround.example"], True, "2 of 10"),
    (["v=spf1 exists:%{i}.ok.paperround.example -all"], True, "1 of 10"),
    (["v=spf1 ptr -all"], True, "1 of 10"),
    (["v=spf1 ip4:nonsense -all"], False, "a network that cannot be"),
    (["v=spf1 ipv4:192.0.2.25 -all"], False, "a term that nobody knows: ipv4:192.0.2.25"),
    (["v=spf1 include:none.example -all"], False, "none.example, which has no SPF record"),
    (["v=spf1 include:paperround.example -all"], False, "includes itself"),
    (["v=spf1 " + "mx " * 11 + "-all"], False, "more than 10 lookups"),
    (["v=spf1 a:x1.example a:x2.example a:x3.example -all"], False, "more than 2 names"),
    (["v=spf1 ip6:2001:db8::/32 ip4:192.0.2.25 -all"], True, "0 of 10"),
]


@pytest.mark.parametrize(("records", "ok", "words"), SPF)
def test_spf(operator: Operator, dns, relay, records, ok, words) -> None:
    dns.put_txt(DOMAIN, *records)
    dns.zone[f"{HOST}.ok.{DOMAIN}", "A"] = ["127.0.0.2"]
    found = dns_told(operator)["spf"]
    assert found[0] is ok, found
    assert words in found[1]


def test_spf_without_a_known_address_is_still_read(operator: Operator, dns, relay) -> None:
    operator.settings["SENDING_IPS"] = ""
    assert "NEWSLETTER_SENDING_IPS tells it" in dns_told(operator)["spf"][1]
    assert dns_told(operator)["ptr"][0]
    dns.put_txt(DOMAIN, "v=spf1 nonsense -all")
    assert not dns_told(operator)["spf"][0]


def test_spf_is_asked_of_where_mail_comes_back_to(operator: Operator, dns, relay) -> None:
    operator.settings["BOUNCE_ADDRESS"] = "bounces@returns.example"
    ok, words = told(operator)["spf"]
    assert not ok
    assert "returns.example" in words
    dns.put_txt("returns.example", f"v=spf1 ip4:{HOST} -all")
    assert told(operator)["spf"][0]


def test_dkim_records(operator: Operator, dns, relay, tmp_path: Path) -> None:
    (rsa,) = [name for name, _ in dns.zone if name.startswith("s") and "_domainkey" in name]
    good = dns.zone[rsa, "TXT"]
    for texts, words in [
        ([], "no TXT record"),
        (["v=DKIM1; k=rsa; p="], "withdrawn"),
        (["v=DKIM1; k=rsa; p=AAAA"], "cannot be read"),
        (["v=DKIM1; p=x", "v=DKIM1; p=y"], "2 TXT records"),
        (["v=DKIM1; h=sha1; p=AAAA"], "no signatures with sha256"),
        ([record(other_key(tmp_path).public_key())], "of another key"),
    ]:
        dns.put_txt(rsa, *texts)
        ok, detail = dns_told(operator)["dkim"]
        assert not ok
        assert words in detail
    dns.zone[rsa, "TXT"] = good
    assert dns_told(operator)["dkim"][0]
    operator.settings["DKIM_KEYS"] = ""
    assert "newsletter dkim new" in dns_told(operator)["dkim"][1]


def other_key(folder: Path) -> Any:
    from newsletter.deliver.keys import new_key

    path = folder / "other.pem"
    return load_key(path) if path.exists() else new_key(path)


def test_dmarc(operator: Operator, dns, relay) -> None:
    name = f"_dmarc.{DOMAIN}"
    for texts, words in [
        ([], "has no DMARC record"),
        (["v=DMARC1; p=perhaps"], "p=perhaps"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], "2 DMARC records"),
    ]:
        dns.put_txt(name, *texts)
        ok, detail = dns_told(operator)["dmarc"]
        assert not ok
        assert words in detail
    # From in a subdomain, signed by the domain above it: aligned, unless the policy is strict.
    operator.settings |= {"FROM": f"Papers <digest@mail.{DOMAIN}>", "DKIM_DOMAIN": DOMAIN}
    dns.put_txt(name, "v=DMARC1; p=quarantine")
    assert dns_told(operator)["dmarc"][0]
    dns.put_txt(name, "v=DMARC1; p=quarantine; adkim=s")
    ok, detail = dns_told(operator)["dmarc"]
    assert not ok
    assert f"signature d={DOMAIN} is NOT aligned" in detail
    operator.settings["DKIM_DOMAIN"] = "other.example"
    dns.put_txt(name, "v=DMARC1; p=quarantine")
    assert not dns_told(operator)["dmarc"][0]


def test_ptr(operator: Operator, dns, relay) -> None:
    dns.zone[f"mail.{DOMAIN}", "A"] = ["192.0.2.26"]
    assert "does not lead back" in dns_told(operator)["ptr"][1]
    del dns.zone[PTR, "PTR"]
    ok, detail = dns_told(operator)["ptr"]
    assert not ok
    assert "it has no name" in detail


def test_a_name_server_that_fails_is_one_line(operator: Operator, dns, relay) -> None:
    dns.failing = True
    found = dns_told(operator)
    assert list(found) == ["dns"]
    assert not found["dns"][0]


def test_an_option_names_the_server(operator: Operator, dns, relay) -> None:
    operator.settings["DNS_SERVER"] = "127.0.0.1:1"
    assert told(operator, "--dns-server", dns.address)["spf"][0]
    assert not told(operator, "--dns-server", "nonsense")["dns"][0]


def test_a_mail_is_sent_and_what_arrived_is_proved(operator: Operator, dns, relay) -> None:
    found = told(operator, "--send", "ada@example.org", "--arrived", str(relay.folder))
    assert found["sent"][0]
    assert found["to the relay"] == (True, "in clear, on this machine")
    assert found["signature"][0], found
    assert found["signature"][1].count("holds") == 2
    assert found["covered"] == (True, "every header field that matters")
    (path,) = relay.folder.glob("*.eml")
    data = path.read_bytes()
    assert f"{len(data):,} octets" in found["arrived"][1]

    saved = operator.folder / "saved.eml"
    saved.write_bytes(b"From ada\n" + data.replace(b"\r\n", b"\n"))
    assert told(operator, "--arrived", str(saved))["signature"][0]
    other = b"From ada\nFrom: eve@example.org\nSubject: another\n\nBefore it.\n\n"
    saved.write_bytes(other + b"From ada\n" + data.replace(b"\r\n", b"\n") + b"\n")
    found = told(operator, "--arrived", str(saved))
    assert found["signature"][0], found
    assert found["arrived"][1].startswith("the last of 2 mails: ")
    saved.write_bytes(data.replace(b"List-Unsubscribe: <https", b"List-Unsubscribe: <ftp"))
    found = told(operator, "--arrived", str(saved))
    assert not found["signature"][0]
    assert not found["covered"][0]
    saved.write_bytes(data + b"Another line.\r\n")
    assert "body was changed" in told(operator, "--arrived", str(saved))["signature"][1]


def test_a_mail_that_does_not_arrive_is_told(operator: Operator, dns, relay, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    options = ["--send", "ada@example.org", "--arrived", str(tmp_path / "empty"), "--wait", "0.5"]
    found = told(operator, *options)
    assert found["sent"][0]
    assert not found["arrived"][0]
    assert "within 0.5 seconds" in found["arrived"][1]
    assert not told(operator, "--send", "unknown@example.org")["sent"][0]
    assert not told(operator, "--send", "nonsense")["mail"][0]


def test_a_relay_with_tls_is_seen(operator: Operator, dns, tmp_path, monkeypatch) -> None:
    authority = trustme.CA()
    for name, blob in (
        ("server.pem", authority.issue_cert("localhost").private_key_and_cert_chain_pem),
        ("ca.pem", authority.cert_pem),
    ):
        blob.write_to_path(str(tmp_path / name))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with smtpd.running(
        tmp_path / "box", "--bare", "--certificate", str(tmp_path / "server.pem")
    ) as server:
        operator.settings["SMTP_URL"] = f"smtp+starttls://localhost:{server.port}"
        found = told(operator, "--send", "ada@example.org", "--arrived", str(server.folder))
    assert found["to the relay"] == (True, "by TLS")
    assert found["signature"][0]


def test_without_keys_nothing_is_bad(operator: Operator, dns, relay) -> None:
    operator.settings["DKIM_KEYS"] = ""
    ok, words = dns_told(operator)["dkim"]
    assert ok
    assert "only if the relay does" in words
    assert "newsletter dkim new" in words


def test_keys_that_cannot_sign_spare_the_rest_of_the_checks(operator: Operator, dns, relay) -> None:
    operator.settings["DKIM_KEYS"] = "s1:/nowhere/key.pem"
    found = told(operator)
    assert not found["keys"][0]
    assert "dkim" not in found
    assert found["relay"][0]


def test_a_mailbox_that_its_first_mail_makes_is_waited_for(
    operator: Operator, dns, relay, tmp_path
) -> None:
    options = ["--send", "ada@example.org", "--wait", "0.5", "--arrived"]
    done = operator.run("doctor", *options, str(tmp_path / "none"))
    assert "is not there yet" in done.stderr
    assert "which is not there" in " ".join(done.stdout.split())
    found = told(operator, *options, str(tmp_path / "no folder" / "none"))
    assert "there is no" in found["mail"][1]
    assert "sent" not in found


def test_of_a_mailbox_only_what_is_new_is_read(tmp_path) -> None:
    old, new = tmp_path / "cur" / "1", tmp_path / "new" / "2"
    for path in (old, new):
        path.parent.mkdir()
    old.write_bytes(b"Message-ID: <a@b>\r\n\r\nold")
    before = arrival._stamps(tmp_path)
    assert arrival._wait(tmp_path, "<a@b>", 0.0, before) is None
    new.write_bytes(b"Message-ID: <a@b>\r\n\r\nnew")
    assert arrival._wait(tmp_path, "<a@b>", 0.0, before) == new.read_bytes()
    before = arrival._stamps(tmp_path)
    old.write_bytes(old.read_bytes() + b"er")
    assert arrival._wait(old, "<a@b>", 0.0, before) == old.read_bytes()
