"""Commands that stay: serve the web, run the nightly worker."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import engine
from app.cli.output import Json, answer, say

DEMO_FOLDER = Path("var/demo")


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (serve, demo):
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

    from app import settings
    from app.cli import logs

    logs.configure(as_json=settings.load().log_json)
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
        access_log=False,  # an owner's link is a key, and the access log would keep it
    )


def demo(
    *,
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8000,
    headless: Annotated[bool, typer.Option("--headless", help="Make the estate and the pages, then stop.")] = False,
    as_json: Json = False,
) -> None:
    """Make a fresh fictional estate in var/demo, serve it on this machine and say how to sign in."""
    import uvicorn

    from app.cli import logs
    from app.jobs import demo as job
    from app.main import create_app

    logs.configure(as_json=False)
    say(f"Making a fresh demo estate in {DEMO_FOLDER} ...")
    settings = job.settings_for(DEMO_FOLDER, port=port)
    job.wipe(DEMO_FOLDER)
    made = job.build(settings)
    lines = [
        f"{made.community}: {made.units} units, {made.units_in_arrears} of them in arrears",
        "",
        f"  open      {settings.public_url}/",
        *(f"  {one.role:<9} sign in as {one.login} with {one.password}" for one in made.people),
        f"  owner     {settings.public_url}{made.owner_path}  ({made.owner_unit})",
        f"            or {settings.public_url}/my/sign-in with {made.owner_phone}; the code is shown there",
    ]
    payload = asdict(made) | {"url": settings.public_url, "owner_url": settings.public_url + made.owner_path}
    answer(payload, as_json=as_json, lines=lines)
    app = create_app(settings)
    if not headless:
        say("Stop it with Ctrl+C.")
        with job.working(settings):
            uvicorn.run(app, host="127.0.0.1", port=port, server_header=False, log_level="warning", access_log=False)
