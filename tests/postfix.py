"""A private Postfix for tests: its own folders and port, nothing of the system's is touched."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection

from tests.smtpd import free_port

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = /dev/stdout
myhostname = relay.paperround.example
mydestination =
local_recipient_maps =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtp_tls_security_level = none
relayhost = [127.0.0.1]:{sink}
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


def missing() -> str | None:
    """Why no Postfix can run here; None where it can."""
    if shutil.which("postfix", path=_path()) is None:
        return "Postfix is not installed: apt-get install postfix"
    if os.geteuid() == 0 or subprocess.run(["sudo", "-n", "true"], check=False).returncode == 0:
        return None
    return "Postfix must be started by root, or by sudo without a password"


@contextmanager
def relaying_to(sink: int) -> Iterator[int]:
    """A Postfix that hands everything on to port `sink`; yields its own port."""
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))  # short, for the paths of sockets are
    folder.chmod(0o755)
    port = free_port()
    for name in ("queue", "data", "config"):
        (folder / name).mkdir()
    (folder / "config" / "main.cf").write_text(_MAIN.format(folder=folder, sink=sink))
    (folder / "config" / "master.cf").write_text(_MASTER.format(port=port))
    _as_root("chown", "postfix", str(folder / "data"))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*_sudo(), "postfix", "-c", str(folder / "config"), "start-fg"],
            env=os.environ | {"PATH": _path()},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, port, folder / "log")
        yield port
    finally:
        _as_root("postfix", "-c", str(folder / "config"), "stop")
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        _as_root("rm", "-rf", str(folder))


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        else:
            return


def _as_root(*command: str) -> None:
    subprocess.run(
        [*_sudo(), *command], env=os.environ | {"PATH": _path()}, capture_output=True, check=False
    )


def _sudo() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo", "-n"]


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
