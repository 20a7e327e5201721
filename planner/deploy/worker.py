"""The processes that gunicorn minds: waitress receives requests and sends answers in them, off the threads that work.

One loop holds all connections of a process. A thread gets a request when the whole of it is there, and hands over its
answer as a whole. So whoever sends nothing, a byte a second or half a body, or doesn't read, costs a place in the loop
and no thread. docs/adr/0010-requests-are-read-off-the-threads.md says why.
"""

import logging
import os
import resource
import select
import socket
import sys
import time
from collections.abc import Callable, Iterable
from pkgutil import resolve_name
from types import FrameType
from typing import Any

from django.conf import settings
from gunicorn.workers.base import Worker
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer
from waitress.task import ErrorTask, WSGITask

from planner.deploy import turns

CONNECTIONS = 1_000
"""How many connections a process holds. For one more, that is closed which has waited longest for its request."""
BODIES = 256 * 2**20
"""How many bytes of bodies a process keeps on which no thread is at work; beyond that the largest is given up."""
HEAD = 32 * 2**10
"""How many bytes the first line of a request and its headers may have."""
OFTEN = 0.05
"""Seconds after which is looked again whether it is the turn of a request that was put aside."""
JUST_NOW = 2
"""Seconds that a new connection has at the end to send its request."""
FILES = 4_096
"""Files and sockets that a process may have open, where the system lets it: a connection may need three."""

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
logger = logging.getLogger("gunicorn.error")  # tokens are taken out of what it says, see planner.deploy.gunicorn


class Request(HTTPRequestParser):  # type: ignore[misc] # waitress has no types
    """Reads a request, and refuses what could be read in two ways."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers. Raises ParsingError for what is no HTTP/1 request."""
        super().parse_header(header_plus)
        if self.version not in ("1.0", "1.1"):
            raise ParsingError("This is no version of HTTP that is spoken here")
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("A body has a length or comes in chunks, not both")


class Answer(WSGITask):  # type: ignore[misc] # waitress has no types
    """Makes the answer to a request; the connection ends with it."""

    def get_environment(self) -> dict[str, Any]:
        """The request for the application. Whoever comes through a Unix socket has no address."""
        logger.debug("%s %s", self.request.command, self.request.request_uri)
        environ: dict[str, Any] = super().get_environment()
        environ |= {turns.ASIDE: PatientWorker.room, turns.GIVEN: self.channel.turn}
        if self.channel.server.family == socket.AF_UNIX:
            environ["REMOTE_ADDR"] = environ["REMOTE_HOST"] = ""
        return environ

    def build_response_header(self) -> bytes:
        """The first line and the headers of the answer.

        Connections aren't kept: two requests on one could be told apart otherwise here than by a proxy in front.
        """
        self.set_close_on_finish()
        header: bytes = super().build_response_header()
        if self.request.command == "HEAD":
            self.chunked_response = False  # there is no body whose end would have to be marked
        return header


class Refusal(ErrorTask):  # type: ignore[misc] # waitress has no types
    """Answers what is no request, or a larger one than is received."""

    def execute(self) -> None:
        """Say so, in the log too."""
        error = self.request.error
        logger.warning("Invalid request from ip=%s: %s %a", self.channel.addr[0], error.reason, error.body)
        super().execute()


class Connection(HTTPChannel):  # type: ignore[misc] # waitress has no types
    """A connection with the one request that comes over it."""

    parser_class = Request
    task_class = Answer
    error_task_class = Refusal
    began: float | None = None
    """Since when a thread is at work on its request, by the monotonic clock."""
    turn: turns.Turn | None = None
    """That its request has got, after it was put aside."""
    is_aside = False
    """Whether its request waits for a turn; no thread waits with it."""

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is being done for it: its request isn't there yet."""
        return not (self.requests or self.total_outbufs_len or self.close_when_flushed)

    @property
    def body(self) -> int:
        """How many bytes there are of a body on which no thread is at work: it isn't whole, or has to wait."""
        if self.began is not None or not self.connected:
            return 0
        return sum(each.body_bytes_received for each in (self.request, *self.requests) if each is not None)

    def give_up(self) -> None:
        """Close it, unless a thread is at work on its request by now, and let go of its body."""
        with self.requests_lock:
            if self.began is not None:
                return
            self.handle_close()
            for request in (self.request, *self.requests):
                if request is not None:
                    request.close()

    def service(self) -> None:
        """Answer the request, or put it aside as it came where it isn't its turn; called by a thread."""
        with self.requests_lock:
            self.began = time.monotonic()
        is_put_aside = False
        try:
            super().service()
        except turns.NotYet:
            self.requests[0].get_body_stream().seek(0)
            is_put_aside = True
        finally:
            if self.turn is not None:
                self.turn.release()
                self.turn = None
            self.began = None
            self.is_aside = is_put_aside


class PatientWorker(Worker):
    """A process that answers, with `threads` requests at work at once."""

    room: turns.Turns | None = None
    """Those of all processes, made before they are forked."""
    beside: turns.Turns | None = None
    """Likewise, for what one of them does beside answering (settings.BESIDE)."""
    _wake: Callable[[], None] | None = None

    def run(self) -> None:
        """Serve until gunicorn says that it is over, then finish what has been begun."""
        loop: dict[int, Any] = {}
        listeners: Any = self.sockets  # gunicorn's own, each around a socket
        server = create_server(
            without_body(self.wsgi),
            map=loop,
            sockets=[listener.sock for listener in listeners],
            server_name=_name_of(listeners[0].sock),
            backlog=self.cfg.backlog,
            threads=self.cfg.threads,
            connection_limit=CONNECTIONS + 100,  # only if a thousand requests are at work or being answered
            max_request_header_size=HEAD,
            max_request_body_size=settings.MAX_RECEIVED + 1,
            inbuf_overflow=2**16,
            clear_untrusted_proxy_headers=False,  # planner.web.middleware.Proxied does, by PLANNER_PROXIES
            log_socket_errors=False,
            ident=None,
        )
        del server  # the loop has it
        doors = [each for each in loop.values() if isinstance(each, BaseWSGIServer)]
        most = _allow_connections()
        for door in doors:
            door.channel_class = Connection
        self._wake = doors[0].pull_trigger
        stop_beside = resolve_name(settings.BESIDE)(self.beside) if self.beside else lambda: None
        pause = 1.0
        while self.alive and self.ppid == os.getppid():
            self.notify()
            wasyncore.loop(timeout=pause, use_poll=True, map=loop, count=1)
            connections = _list_connections(doors)
            pause = OFTEN if call_in(connections, self.room) else 1
            make_room(connections, most)
            self._give_up(connections)
        stop_beside()
        self._finish(loop, doors)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in an orderly way, now and not when something happens next."""
        super().handle_exit(sig, frame)
        if self._wake is not None:
            self._wake()

    def _give_up(self, connections: Iterable[Connection]) -> None:
        """End the process when a request takes longer than `timeout`, as it may never end; gunicorn starts another."""
        latest = time.monotonic() - self.cfg.timeout
        if any(connection.began is not None and connection.began < latest for connection in connections):
            logger.critical("A request took longer than %d seconds; its process is started anew.", self.cfg.timeout)
            sys.exit(1)

    def _finish(self, loop: dict[int, Any], doors: list[BaseWSGIServer]) -> None:
        """Take no connection any more, and answer the requests that are there within `graceful_timeout`.

        Who has been let in by the system and waits at the door is there, too: closing the door would hang up on them.
        So is whoever came within the last seconds, whose request may be on its way.
        """
        for door in doors:
            let_in_all(door)
            door.del_channel()
            door.socket.close()
        now = time.monotonic()
        until, recently = now + self.cfg.graceful_timeout, time.time() - JUST_NOW
        while (now := time.monotonic()) < until:
            there = _list_connections(doors)
            young = now < until - self.cfg.graceful_timeout + JUST_NOW
            if all(each.is_waiting and not (young and each.creation_time > recently) for each in there):
                break
            self.notify()
            call_in(there, self.room)
            wasyncore.loop(timeout=OFTEN, use_poll=True, map=loop, count=1)


def call_in(connections: Iterable[Connection], room: turns.Turns | None) -> int:
    """Have requests worked on that were put aside, who waits longest first, as far as there are turns.

    Returns how many wait on.
    """
    aside = sorted((each for each in connections if each.is_aside), key=lambda each: each.creation_time)
    for number, connection in enumerate(aside):
        turn = room.take() if room else None
        if turn is None:
            return len(aside) - number
        connection.turn, connection.is_aside = turn, False
        connection.server.add_task(connection)
    return 0


def let_in_all(door: BaseWSGIServer) -> None:
    """Accept whoever waits at the door, so that its closing hangs up on nobody."""
    waiting = select.poll()
    waiting.register(door.socket, select.POLLIN)
    while waiting.poll(0):
        before = len(door.active_channels)
        door.handle_accept()
        if len(door.active_channels) == before:
            return  # another process was quicker, or there is no room


def make_room(connections: Iterable[Connection], most: int) -> None:
    """Close who has waited longest where there are more than `most`, and who has sent most where bodies take too much.

    Connections whose request is at work or being answered stay.
    """
    connections = list(connections)
    waiting = [connection for connection in connections if connection.is_waiting]
    for connection in sorted(waiting, key=lambda each: each.creation_time)[: max(0, len(waiting) - most)]:
        connection.handle_close()
    excess = sum(connection.body for connection in connections) - BODIES
    for largest in sorted(connections, key=lambda each: each.body, reverse=True):
        if excess <= 0:
            break
        excess -= largest.body
        logger.warning(
            "Too much is being sent at once; the largest request, from ip=%s, is given up.", largest.addr[0]
        )
        largest.give_up()


def without_body(application: Application) -> Application:
    """The application, whose answers to HEAD lose the body that they would have for GET and keep its headers."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return body
        if hasattr(body, "close"):
            body.close()
        return []

    return answer


def _list_connections(doors: Iterable[BaseWSGIServer]) -> list[Connection]:
    return [connection for door in doors for connection in door.active_channels.values()]


def _allow_connections() -> int:
    """Have the system admit as many open files as it lets us, and return how many connections that is good for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return CONNECTIONS if soft == resource.RLIM_INFINITY else max(10, min(CONNECTIONS, (soft - 100) // 3))


def _name_of(listener: socket.socket) -> str:
    """What a request without a host name is for: the address that is listened on."""
    name = listener.getsockname()
    return str(name[0]) if isinstance(name, tuple) else "localhost"
