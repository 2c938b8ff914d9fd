"""Signing the mails of a day with RSA-2048: ours beside dkimpy in one run.

`sign.mails_per_second_*` have as yardstick dkimpy with the same key, mails and canonicalisation;
`..._looked_through` is ours where it is not told that the bodies are canonical. `sign.share_rsa`: how
much of a signature's time is the RSA operation alone. The mails are the specimens' digests.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import dkim
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks import harness
from newsletter.deliver.dkim import OVERSIGNED, Key, Signer
from newsletter.model import Message
from newsletter.render import MailRenderer, Site, Templates
from newsletter.stages.letters import Links
from newsletter.stages.specimens import specimens
from subscribers.tokens import LinkSigner

AT = datetime(2026, 6, 10, 6, 30, tzinfo=UTC)
DOMAIN = "papers.example"
ROUNDS, REPEATS = 20, 5


def main() -> None:
    rounds = max(1, int(ROUNDS * harness.options(__doc__).scale))
    private = generate_private_key(65537, 2048)
    mails = digests()
    size = round(statistics.mean(len(mail.data) for mail in mails))
    for form in ("relaxed", "simple"):
        signer = Signer(DOMAIN, [Key("s1", private)], form)
        ours, theirs, looked = in_turn(
            [
                lambda mail, signer=signer: signer.sign(mail, AT),
                dkimpy(private, form),
                lambda mail, signer=signer: signer.sign(replace(mail, is_canonical=False), AT),
            ],
            mails,
            rounds,
        )
        more = {"octets": size, "mails": len(mails)}
        harness.report(f"sign.mails_per_second_{form}", ours, "mails/s", theirs, **more)
        harness.report(f"sign.mails_per_second_{form}_looked_through", looked, "mails/s", theirs)
    key = Key("s1", private)
    bare, ours = in_turn(
        [lambda _: key.sign(b"x" * 900), lambda mail: signer.sign(mail, AT)], mails, rounds
    )
    harness.report("sign.share_rsa", ours / bare, "of a signature's time")


def digests() -> list[Message]:
    """The specimens that are digests, rendered."""
    site = Site(
        name="Papers",
        base_url="https://papers.example",
        sender="Papers <digest@papers.example>",
        list_id="digest.papers.example",
    )
    links = Links(site.base_url, LinkSigner("a secret of this benchmark"), b"secret", DOMAIN)
    made = specimens(MailRenderer(site, Templates(None)), links, AT)
    return [mail for name, mail in made if name.startswith("digest")]


def dkimpy(private: RSAPrivateKey, form: str) -> Callable[[Message], object]:
    """dkimpy signing with this key."""
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    forms = (b"relaxed", form.encode())
    covered = [*OVERSIGNED, b"list-id", b"list-unsubscribe", b"list-unsubscribe-post"]
    return lambda mail: dkim.sign(
        mail.data, b"s1", DOMAIN.encode(), pem, canonicalize=forms, include_headers=covered
    )


def in_turn(
    ways: Sequence[Callable[[Message], object]], mails: Sequence[Message], rounds: int
) -> list[float]:
    """Mails a second of each way: medians of several turns, for other work disturbs them all."""
    speeds: list[list[float]] = [[] for _ in ways]
    for _ in range(REPEATS):
        for way, found in zip(ways, speeds, strict=True):
            start = time.perf_counter()
            for mail in mails * max(1, rounds // REPEATS):
                way(mail)
            seconds = time.perf_counter() - start
            found.append(len(mails) * max(1, rounds // REPEATS) / seconds)
    return [statistics.median(found) for found in speeds]


if __name__ == "__main__":
    main()
