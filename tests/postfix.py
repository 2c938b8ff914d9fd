"""A private Postfix for tests: its own folders and port, nothing of the system's is touched."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import privilege
from tests.smtpd import free_port, wait_for_port

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
    if shutil.which("postfix", path=privilege.path()) is None:
        return "Postfix is not installed: apt-get install postfix"
    return privilege.missing("Postfix")


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
    privilege.as_root("chown", "postfix", str(folder / "data"))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*privilege.sudo(), "postfix", "-c", str(folder / "config"), "start-fg"],
            env=privilege.environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_port(port, process, folder / "log")
        yield port
    finally:
        privilege.as_root("postfix", "-c", str(folder / "config"), "stop")
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        privilege.as_root("rm", "-rf", str(folder))
