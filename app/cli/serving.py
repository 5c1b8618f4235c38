"""Commands that stay: serve the web, run the nightly worker."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.opening import engine


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (serve,):
        app.command()(command)


def serve(
    *,
    host: Annotated[str, typer.Option("--host", help="The address to listen on; 0.0.0.0 for the office network.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8000,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="Believe X-Forwarded-* of a proxy on this machine.")
    ] = False,
) -> None:
    """Serve the web until interrupted."""
    import uvicorn

    engine().dispose()  # a database that is not ready is said here, not in the middle of the first page
    uvicorn.run(
        "app.main:application",
        factory=True,
        host=host,
        port=port,
        proxy_headers=behind_proxy,
        forwarded_allow_ips="127.0.0.1" if behind_proxy else "",
        server_header=False,
        log_level="info",
    )
