"""Servers that only root may start: by root, or by sudo without a password."""

from __future__ import annotations

import os
import subprocess


def missing(server: str) -> str | None:
    """Why this server cannot be started here; None where it can."""
    if os.geteuid() == 0 or subprocess.run([*sudo(), "true"], check=False).returncode == 0:
        return None
    return f"{server} must be started by root, or by sudo without a password"


def sudo() -> list[str]:
    """What stands before a command that root must run."""
    return [] if os.geteuid() == 0 else ["sudo", "-n"]


def as_root(*command: str) -> None:
    """Run a command as root, whatever becomes of it."""
    subprocess.run([*sudo(), *command], env=environment(), capture_output=True, check=False)


def environment() -> dict[str, str]:
    """The environment, with the folders in which Debian keeps servers on its PATH."""
    return os.environ | {"PATH": path()}


def path() -> str:
    """PATH, with those folders."""
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
