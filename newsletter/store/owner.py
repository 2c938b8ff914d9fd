"""Who holds a claim: a name for this process, and whether another process of this machine still lives."""

from __future__ import annotations

import itertools
import os
import socket
from pathlib import Path

_runs = itertools.count(1)


def new_owner() -> str:
    """`host/pid/start/run`: unique over machines, restarts, reused process numbers and runs."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}/{next(_runs)}"


def is_dead(owner: str) -> bool:
    """True only if `owner` was a process of this machine and is certainly gone."""
    host, pid, started, *_ = [*owner.split("/"), "", ""]
    return host == socket.gethostname() and pid.isdigit() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """When the process began, in the kernel's ticks; "" if there is none (or it is only a zombie)."""
    try:
        # The command's name, in brackets, may hold blanks; the fields are counted after it.
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return _alive_elsewhere(pid)
    return "" if fields[0] in {"Z", "X"} else fields[19]


def _alive_elsewhere(pid: int) -> str:
    """Systems without /proc only tell whether the number is in use."""
    if Path("/proc/self").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "running"
