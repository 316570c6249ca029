"""Runs inside a sandbox without network: makes host services appear on the sandbox's own loopback.

    python -I -S relay.py PORT=SOCKET... -- COMMAND...

Listens on 127.0.0.1:PORT for each pair, passes every connection to the unix socket, and becomes COMMAND. The
relay is a child of the command's process, so that signals, standard streams and the exit status are the
command's own. Standard library only: it is started with nothing else at hand.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading

_CHUNK = 65536


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _connect(client: socket.socket, path: str) -> None:
    with client, socket.socket(socket.AF_UNIX) as service:
        try:
            service.connect(path)
        except OSError:
            return  # the client sees its connection close, as with any service that is down
        back = threading.Thread(target=_copy, args=(service, client), daemon=True)
        back.start()
        _copy(client, service)
        back.join()


def _serve(listener: socket.socket, path: str) -> None:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_connect, args=(client, path), daemon=True).start()


def main(arguments: list[str]) -> None:
    split = arguments.index("--")
    pairs = [pair.partition("=") for pair in arguments[:split]]
    listeners = [(socket.create_server(("127.0.0.1", int(port))), path) for port, _, path in pairs]
    if os.fork():
        for listener, _ in listeners:
            listener.close()
        os.execv(arguments[split + 1], arguments[split + 1 :])
    # The relay must not keep the server's standard streams open: their end tells the client that it is gone.
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(null, stream)
    threads = [threading.Thread(target=_serve, args=each) for each in listeners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1:])
