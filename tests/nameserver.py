"""A real name server on loopback, over UDP and TCP, for tests: it serves the records that it is told."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = dict[tuple[str, str], list[str]]


@dataclass
class NameServer:
    """Records by (name, type), such as ("a.example", "MX"): ["10 mx.a.example."]."""

    zone: Zone
    port: int = 0
    asked: list[str] = field(default_factory=list)
    failing: bool = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def put_txt(self, name: str, *texts: str) -> None:
        """TXT records, each split in strings of at most 255 octets."""
        self.zone[name, "TXT"] = [
            " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
            for text in texts
        ]

    def answer(self, wire: bytes, *, tcp: bool) -> bytes:
        query = dns.message.from_wire(wire)
        reply = dns.message.make_response(query)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{name} {kind}")
        reply.flags |= dns.flags.RA
        if self.failing:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif found := self.zone.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        elif all(known != name for known, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        sent = reply.to_wire(max_size=65535)
        if not tcp and len(sent) > 512:  # as servers do, so that the resolver asks again by TCP
            reply.answer.clear()
            reply.flags |= dns.flags.TC
            sent = reply.to_wire()
        return sent


@contextmanager
def serving(zone: Zone | None = None) -> Iterator[NameServer]:
    """Start it on one port for both transports."""
    found = NameServer(zone or {})

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            socket.sendto(found.answer(wire, tcp=False), self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            (size,) = struct.unpack("!H", self.rfile.read(2))
            sent = found.answer(self.rfile.read(size), tcp=True)
            self.wfile.write(struct.pack("!H", len(sent)) + sent)

    # The system gives the one a port that is free for it; the other may find it taken.
    udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Datagram)
    while (tcp := _on(udp.server_address, Stream)) is None:
        udp.server_close()
        udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Datagram)
    with udp, tcp:
        found.port = udp.server_address[1]
        threads = [
            threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            for each in (udp, tcp)
        ]
        for thread in threads:
            thread.start()
        try:
            yield found
        finally:
            udp.shutdown()
            tcp.shutdown()
            for thread in threads:
                thread.join()


def _on(
    address: tuple[str, int], handler: type[socketserver.BaseRequestHandler]
) -> socketserver.ThreadingTCPServer | None:
    try:
        return socketserver.ThreadingTCPServer(address, handler)
    except OSError:
        return None
