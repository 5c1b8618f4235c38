"""The composition root: settings in, a wired application out; no rules of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy import Engine

from app import settings as configuration
from app.gateways import keys
from app.gateways.files import FileStore
from app.gateways.messages import FileOutbox, MemoryOutbox
from app.gateways.ports import Gateways
from app.gateways.simulator import Simulator
from app.jobs import outside, rendering
from app.jobs.caretaking import Caretaker
from app.jobs.errands import Errands
from app.services import printing
from app.settings import Settings
from app.store import db, sealing
from app.web import (
    api,
    assets,
    errors,
    join,
    login,
    me,
    owner_asks,
    owner_gate,
    owner_papers,
    owner_pay,
    portal,
    security,
    standing,
)
from app.web.staff import (
    addresses,
    arrears,
    arrears_export,
    audit_log,
    batches,
    billing,
    billing_runs,
    billing_single,
    case_papers,
    case_people,
    case_stages,
    cases,
    claims,
    closing,
    collect,
    counsel,
    deliveries,
    delivery_lists,
    delivery_records,
    deposits,
    desk,
    door_signing,
    estate,
    evidence,
    holds,
    import_tasks,
    imports,
    jobs,
    limitation,
    limitation_unit,
    lpr,
    notices,
    payments,
    people,
    procedure,
    rate_drafts,
    rate_forms,
    rates,
    report_lists,
    reports,
    requests,
    scans,
    search,
    security_pages,
    settings,
    settings_care,
    shifts,
    slips,
    terms,
    transfers,
    unclaimed,
    unit_account,
    unit_files,
    unit_people,
    units,
    users,
    views,
    waiver_review,
    waivers,
    wordings,
)

STAFF_PAGES = (
    arrears,
    batches,
    audit_log,
    arrears_export,
    billing,
    billing_runs,
    billing_single,
    closing,
    collect,
    deposits,
    desk,
    estate,
    holds,
    import_tasks,
    imports,
    jobs,
    notices,
    payments,
    people,
    procedure,
    rate_drafts,
    rate_forms,
    rates,
    report_lists,
    reports,
    requests,
    search,
    security_pages,
    settings,
    settings_care,
    transfers,
    unit_account,
    unit_files,
    unit_people,
    shifts,
    slips,
    terms,
    unclaimed,
    units,
    users,
    views,
    waiver_review,
    waivers,
    wordings,
    addresses,
    delivery_lists,
    delivery_records,
    deliveries,
    scans,
    door_signing,
    evidence,
    limitation,
    limitation_unit,
    lpr,
    claims,
    cases,
    case_stages,
    case_papers,
    case_people,
    counsel,
)

# What owners open; none of it asks for a permission, all of it for a session of the unit.
OWNER_PAGES = (owner_gate, portal, owner_papers, owner_asks, owner_pay)


def create_app(settings: Settings, *, engine: Engine | None = None, limits: security.Limits | None = None) -> FastAPI:
    """Return the application for ``settings``; tests hand in their own engine and looser limits."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        if engine is None:
            app.state.engine.dispose()

    app = FastAPI(
        title="Qingqian",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.engine = engine if engine is not None else _engine(settings)
    app.state.gateways = _outside(settings)
    app.state.kept = standing.Kept()
    app.state.caretaker = Caretaker(app.state.engine, settings)
    app.state.errands = Errands(app.state.engine, app.state.gateways.files, app.state.gateways)
    app.state.finish_batch = _finisher(app, workers=settings.render_workers)
    errors.install(app)
    app.add_api_route("/static/{name}", assets.serve, include_in_schema=False)
    app.include_router(api.router)
    for pages in (join, login, me, *OWNER_PAGES, *STAFF_PAGES):
        app.include_router(pages.router, include_in_schema=False)
    _add_middleware(app, settings, limits or security.Limits())
    return app


def _finisher(app: FastAPI, *, workers: int) -> Callable[[int], None]:
    """Return what brings a released batch to its end, in processes of its own when there is much to print."""

    def finish(batch_id: int) -> None:
        engine, gateways = app.state.engine, app.state.gateways
        with rendering.workshop(engine, batch_id=batch_id, workers=workers) as executor:
            rendering.finish(engine, gateways, batch_id=batch_id, executor=executor)

    return finish


def _outside(settings: Settings) -> Gateways:
    """Return the outside world: in the demo messages stay in memory and a channel that moves no money is there."""
    return Gateways(
        files=FileStore(settings.files_dir),
        printer=printing.press,
        messages=MemoryOutbox() if settings.demo else FileOutbox(settings.data_dir / "outbox.jsonl"),
        payments=Simulator() if settings.demo else None,
        timestamps=outside.timestamps(settings),
        sealer=outside.sealer(settings),
    )


def _engine(settings: Settings) -> Engine:
    """Return an engine that can open personal fields."""
    made = db.create_engine(settings.url)
    sealing.attach(made, keys.secret(settings.secret_key.get_secret_value(), settings.key_file))
    return made


def _add_middleware(app: FastAPI, settings: Settings, limits: security.Limits) -> None:
    """Wrap the application; what is added last sees a request first."""
    app.add_middleware(security.Doorkeeper, limits=limits, refuse=errors.refuse_early(app))
    hosts = [name.strip() for name in settings.trusted_hosts.split(",") if name.strip()]
    app.add_middleware(security.KnownHosts, names=hosts or ["*"], refuse=errors.refuse_early(app))
    app.add_middleware(security.SecurityHeaders, https=settings.secure_cookies)


def application() -> FastAPI:
    """Return the application for this process's own settings (``uvicorn --factory app.main:application``)."""
    return create_app(configuration.load())
