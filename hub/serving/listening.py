"""The listening sockets of a server, bound once, before anything that takes time."""

import errno
import os
import socket
from collections.abc import Sequence

from hub.serving.errors import AddressUnusable

_BACKLOG = 2_048
_MOST = 4  # more processes than that are for whoever has measured that they help


def processes(chosen: int) -> int:
    """How many processes serve: as many as were chosen; where that is 0 one for each core, up to four."""
    own = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return chosen or min(_MOST, len(own))


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen at every address of a host; with port 0 all have the one that the first was given.

    Raises:
        AddressUnusable: the address is taken, or is not this machine's.
    """
    made: list[socket.socket] = []
    absent: OSError | None = None
    try:
        for found in dict.fromkeys(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)):
            try:
                made.append(_bound(found[0], (found[4][0], made[0].getsockname()[1] if made else port, *found[4][2:])))
            except OSError as error:
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                absent = error  # such as IPv6 of localhost, on a machine without
        if absent is not None and not made:
            raise absent
    except OSError as error:
        for one in made:
            one.close()
        raise AddressUnusable(host=host, port=port, reason=error.strerror or type(error).__name__) from error
    return made


def _bound(family: socket.AddressFamily, address: tuple[str | int, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    made.setblocking(False)
    return made


def url_of(sockets: Sequence[socket.socket]) -> str:
    """The address at which listening sockets are reached."""
    host, port = sockets[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
