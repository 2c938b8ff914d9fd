"""Signing what is about to be sent: between rendering and the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from newsletter.deliver.dkim import Signer, SigningError
from newsletter.stages.send import Broken, Job, Load


def signed(load: Load, signer: Signer | None) -> Load:
    """`load`, its mails signed as of when they were planned, so that a retry sends the same bytes."""
    if signer is None:
        return load
    signing = signer

    def load_signed(session: Session, ids: Sequence[int]) -> Iterator[Job | Broken]:
        for job in load(session, ids):
            if isinstance(job, Broken):
                yield job
                continue
            try:
                yield replace(job, message=signing.sign(job.message, job.planned_at))
            except SigningError as error:
                yield Broken(job.message.delivery_id, str(error))

    return load_signed
