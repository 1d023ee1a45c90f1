"""The process of a service: its port, health, metrics, documents, signals, its last sentence."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import structlog
import uvicorn
from aiokafka import AIOKafkaClient
from aiokafka.errors import KafkaError
from faststream.asgi import AsgiResponse, get
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic_core import to_json

from shared.runtime import logs
from shared.runtime.asyncapi_page import render
from shared.runtime.bounded_waits import stop_client
from shared.runtime.errors import (
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    SetupError,
    end_process,
    exit_process,
)
from shared.runtime.health import Health
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.settings import S, load, unknown_kafka_settings
from shared.runtime.stream_connection import server_config

log = structlog.get_logger("fenghuo.http_server")

_SAFE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self' 'unsafe-inline'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def operations_routes(
    health: Health, metrics: RuntimeMetrics, described: dict[str, Any]
) -> list[tuple[str, Any]]:
    """Return health, metrics and documents as ASGI routes; `described` is the AsyncAPI document."""
    document = json.dumps(described, ensure_ascii=False).encode()
    page = render(document).encode()

    @get
    async def healthz(_scope: Any) -> AsgiResponse:
        return _json(health.state(), 200)

    @get
    async def readyz(_scope: Any) -> AsgiResponse:
        problems = health.problems()
        body = {
            **health.state(),
            "ready": not problems,
            "problems": problems,
            "troubles": health.troubles(),
        }
        return _json(body, 503 if problems else 200)

    @get
    async def metrics_text(_scope: Any) -> AsgiResponse:
        return AsgiResponse(
            generate_latest(metrics.registry), 200, {"content-type": CONTENT_TYPE_LATEST}
        )

    @get
    async def asyncapi_json(_scope: Any) -> AsgiResponse:
        return AsgiResponse(document, 200, {**_SAFE_HEADERS, "content-type": "application/json"})

    @get
    async def asyncapi_html(_scope: Any) -> AsgiResponse:
        return AsgiResponse(
            page, 200, {**_SAFE_HEADERS, "content-type": "text/html; charset=utf-8"}
        )

    return [
        ("/healthz", healthz),
        ("/readyz", readyz),
        ("/metrics", metrics_text),
        ("/docs/asyncapi", asyncapi_html),
        ("/docs/asyncapi.json", asyncapi_json),
    ]


def json_route(body: Callable[[], object]) -> Any:
    """Return a route that answers with the present value of `body`."""

    @get
    async def answer(_scope: Any) -> AsgiResponse:
        return _json(body(), 200)

    return answer


def _json(body: object, status: int) -> AsgiResponse:
    return AsgiResponse(
        to_json(body), status, {**_SAFE_HEADERS, "content-type": "application/json"}
    )


async def wait_for_kafka(bootstrap: str, patience_s: float = 60) -> None:
    """Return when a broker answers a metadata request; raises SetupError after `patience_s`."""
    unknown = unknown_kafka_settings()
    if unknown:
        log.warning("unknown_settings", names=unknown)
    for attempt in range(max(1, int(patience_s * 2))):
        client = AIOKafkaClient(bootstrap_servers=bootstrap)
        try:
            await client.bootstrap()
        except KafkaError as error:
            if attempt % 20 == 0:
                log.info("waiting_for_kafka", error=type(error).__name__)
            await asyncio.sleep(0.5)
        else:
            return
        finally:
            await stop_client(client)
    hint = f" No setting: {', '.join(unknown)}." if unknown else ""
    raise SetupError(
        f"No Kafka broker answers at {bootstrap} without TLS and SASL, which no service speaks: "
        f"start it, or correct FENGHUO_KAFKA_BOOTSTRAP.{hint}"
    )


Start = Callable[[AsyncExitStack], Awaitable[None]]
"""Starts the parts of a service in order; each pushes its own clean-up on the stack."""


def lifespan_of(start: Start) -> Callable[..., AbstractAsyncContextManager[None]]:
    """Return the lifespan of an ASGI application: parts stop in the reverse order of their start.

    A SetupError during the start ends the process with its sentence and no traceback.
    """

    @asynccontextmanager
    async def lifespan(*_args: Any, **_kwargs: Any) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            try:
                await start(stack)
            except SetupError as problem:
                _print_error(f"fenghuo: {problem}")
                end_process(str(problem), EXIT_UNAVAILABLE)
            yield

    return lifespan


def run(service: str, build: Callable[[S], Any], settings_type: type[S]) -> None:
    """Build the service from the environment's settings and serve it until SIGTERM or SIGINT.

    An error that a person has to correct ends the process with one sentence on stderr.
    """
    try:
        settings = load(settings_type)
        application = build(settings)
        logs.configure(service, settings.log_level)
        listener = listen(settings.http_host, settings.http_port)
    except SetupError as problem:
        _print_error(f"fenghuo {service}: {problem}")
        sys.exit(EXIT_USAGE)
    server = server_of(application)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.serve(sockets=[listener]))
    if not server.started:
        _print_error(f"fenghuo {service}: could not start, see the log lines above.")
        sys.exit(EXIT_UNAVAILABLE)


def server_of(application: Any) -> uvicorn.Server:
    """Return the HTTP server of a service.

    FastStream declares the start complete before its consumers have started. An error after that
    would leave a server without consumers, so the process ends.
    """

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return
        types: set[str] = set()

        async def note(message: Any) -> None:
            types.add(message["type"])
            await send(message)

        try:
            await application(scope, receive, note)
        except Exception as error:
            if "lifespan.startup.complete" in types and not server.should_exit:
                exit_process(f"the consumers could not start: {error!r}", EXIT_UNAVAILABLE)
            raise

    server = uvicorn.Server(
        server_config(
            guarded,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
            timeout_keep_alive=30,
            lifespan="on",
        )
    )
    return server


def _print_error(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def listen(host: str, port: int) -> socket.socket:
    """Return the service's port, bound; raises SetupError where another process has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named asyncio sets TCP_NODELAY on accepted connections: else the body of a
    # small answer waits until the client has acknowledged its head, some 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise SetupError(
            f"Port {port} on {host} cannot be used ({error.strerror}): stop what listens there or "
            "set FENGHUO_HTTP_PORT to a free port."
        ) from None
    return listener
