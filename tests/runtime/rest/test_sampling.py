"""The sampling of a process: it starts and stops with the application that has the routes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest
from fastapi import FastAPI

from tests.renderers.registry_module import text_of
from tests.runtime.patience import stop, threads, until
from tests.runtime.rest.client import get
from tests.runtime.rest.shop import judged_spec, shop_app
from tests.runtime.shop import shop_collector
from victor_monitoring.runtime.rest import register_routes, router

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def others() -> list[Thread]:
    """Return the sampling threads of other tests."""
    return threads("signals")


async def run(app: FastAPI) -> AsyncIterator[Mapping[str, object] | None]:
    """Yield the state of the application between its start and its end, as a server does."""
    async with app.router.lifespan_context(app) as state:
        yield state


def test_sampling_starts_and_stops_with_the_application(others: list[Thread]) -> None:
    """Registering the routes starts nothing; the application does without a request, once per start."""
    with shop_app() as shop:
        assert threads("signals") == others

        async def live() -> None:
            for _ in range(2):
                async for _ in run(shop.app):
                    assert len(threads("signals")) == len(others) + 1
                    await asyncio.to_thread(until, lambda: shop.evaluator._ring.newest)  # noqa: SLF001 - asking would sample
                assert threads("signals") == others

        asyncio.run(live())


def test_the_lifespan_of_the_application_is_kept(others: list[Thread]) -> None:
    """The application's own lifespan starts before the sampling, ends after it, and keeps its state."""
    events: list[str] = []

    def note(event: str) -> None:
        events.append(f"{event}: {len(threads('signals')) - len(others)}")

    @asynccontextmanager
    async def own(_: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        note("start")
        yield {"pool": 5}
        note("end")

    async def live(app: FastAPI) -> None:
        async for state in run(app):
            assert state == {"pool": 5}
            note("running")

    with shop_app(app=FastAPI(lifespan=own)) as shop:
        asyncio.run(live(shop.app))
    assert events == ["start: 0", "running: 1", "end: 0"]


def test_start_up_handlers_are_kept(others: list[Thread]) -> None:
    """Handlers of events, which an application without a lifespan can have, run as before."""
    events: list[str] = []
    with shop_app() as shop:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            shop.app.on_event("startup")(lambda: events.append("start"))
            shop.app.on_event("shutdown")(lambda: events.append("end"))

        async def live() -> None:
            async with shop.app.router.lifespan_context(shop.app):
                events.append(str(len(threads("signals")) - len(others)))

        asyncio.run(live())
    assert events == ["start", "1", "end"]


def test_an_application_that_fails_stops_the_sampling(others: list[Thread]) -> None:
    """Nothing is sampled after an application whose own start failed, or whose server was cancelled."""

    @asynccontextmanager
    async def broken(_: FastAPI) -> AsyncIterator[None]:
        raise OSError("no database")
        yield

    async def live(app: FastAPI) -> None:
        async with app.router.lifespan_context(app):
            raise asyncio.CancelledError

    with shop_app(app=FastAPI(lifespan=broken)) as shop, pytest.raises(OSError, match="no database"):
        asyncio.run(live(shop.app))
    with shop_app() as shop, suppress(asyncio.CancelledError):
        asyncio.run(live(shop.app))
    assert threads("signals") == others


@pytest.mark.parametrize("path", ["/metrics", "/api/shop/door", "/api/shop/alerts"])
def test_the_first_request_starts_the_sampling_of_a_mounted_application(
    path: str, others: list[Thread]
) -> None:
    """No server runs the lifespan of a mounted application; its first request starts one thread."""
    with shop_app() as shop:
        host = FastAPI()
        host.mount("/inner", shop.app)

        async def live() -> None:
            async for _ in run(host):
                assert threads("signals") == others

        asyncio.run(live())
        for _ in range(2):
            assert get(host, f"/inner{path}").status_code == 200
            assert len(threads("signals")) == len(others) + 1


def test_the_first_request_starts_the_sampling_of_an_included_router(others: list[Thread]) -> None:
    """A router that the application includes itself samples from the first request on."""
    with shop_app() as shop:
        app = FastAPI()
        app.include_router(router(shop.collector, shop.evaluator))
        assert get(app, "/metrics").status_code == 200
        assert len(threads("signals")) == len(others) + 1


def test_a_refused_request_starts_nothing(others: list[Thread]) -> None:
    """A request without the token does not start the sampling."""
    with shop_app(token="open sesame") as shop:  # noqa: S106 - a test's
        assert get(shop.app, "/metrics").status_code == 401
        assert threads("signals") == others


def test_routes_without_an_evaluator_sample_nothing(others: list[Thread]) -> None:
    """Without signals nothing is sampled, at the start or by a request."""
    app = FastAPI()
    register_routes(app, shop_collector())

    async def live() -> None:
        async for _ in run(app):
            assert threads("signals") == others

    asyncio.run(live())
    assert get(app, "/metrics").status_code == 200
    assert threads("signals") == others


def test_a_thread_that_cannot_start_does_not_stop_the_application(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, others: list[Thread]
) -> None:
    """The failure is logged, and the next request tries again."""

    def fail() -> None:
        raise RuntimeError("can't start new thread")

    with shop_app() as shop:
        with monkeypatch.context() as patched:
            patched.setattr(shop.evaluator._schedule, "start", fail)  # noqa: SLF001 - a limit of the system

            async def live() -> None:
                async for _ in run(shop.app):
                    assert threads("signals") == others

            asyncio.run(live())
        assert "cannot start sampling" in caplog.text
        assert get(shop.app, "/metrics").status_code == 200
        assert len(threads("signals")) == len(others) + 1


# An application whose processes leave a file when they take a sample, and another one when they end.
APP = """
import os
from contextlib import asynccontextmanager
from pathlib import Path

import registry
from fastapi import FastAPI
from victor_monitoring.runtime.collector import Collector
from victor_monitoring.runtime.evaluator import Evaluator
from victor_monitoring.runtime.rest import register_routes
from threading import enumerate as threads

collector = Collector(registry)

@asynccontextmanager
async def lifespan(app):
    yield
    if "signals" not in [each.name for each in threads()]:
        Path(f"ended-{os.getpid()}").touch()

def collect():
    Path(f"sampled-{os.getpid()}").touch()
    return collector.collect()

app = FastAPI(lifespan=lifespan)
register_routes(app, collector, Evaluator(registry, collect))
"""

# As a server that loads the application before it forks its workers.
PRELOADED = """
import os, signal, sys
import app, uvicorn

listening = uvicorn.Config(app.app, host="127.0.0.1", port=0).bind_socket()
workers = []
for _ in range(2):
    if pid := os.fork():
        workers.append(pid)
        continue
    try:
        uvicorn.Server(uvicorn.Config(app.app, log_level="warning")).run([listening])
    except KeyboardInterrupt:
        pass
    os._exit(0)
signal.signal(signal.SIGINT, lambda *_: [os.kill(pid, signal.SIGINT) for pid in workers])
for pid in workers:
    os.waitpid(pid, 0)
"""


@contextmanager
def served(folder: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server of the application in the folder; at the end stop it as Ctrl-C does."""
    (folder / "registry.py").write_text(text_of(judged_spec()), encoding="utf-8")
    (folder / "app.py").write_text(APP, encoding="utf-8")
    path = os.pathsep.join((str(folder), str(ROOT)))
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder, env={**os.environ, "PYTHONPATH": path}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield server
    finally:
        stop(server)


def pids(folder: Path, event: str) -> set[int]:
    """Return the processes that have left a file of this event."""
    return {int(path.name.rpartition("-")[2]) for path in folder.glob(f"{event}-*")}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize(
    "command",
    [
        ("-m", "uvicorn", "app:app", "--workers=2", "--port=0", "--log-level=warning"),
        ("-W", "ignore:This process:DeprecationWarning", "-c", PRELOADED),
    ],
    ids=["spawned", "forked"],
)
def test_each_worker_samples_without_a_request(command: tuple[str, ...], tmp_path: Path) -> None:
    """Workers that a server spawns, or forks after import, sample themselves, and stop at their end."""
    with served(tmp_path, *command) as server:
        until(lambda: len(pids(tmp_path, "sampled")) == 2 or server.poll() is not None)
        assert server.poll() is None, (tmp_path / "log").read_text()
    assert server.pid not in pids(tmp_path, "sampled")
    assert pids(tmp_path, "ended") == pids(tmp_path, "sampled")
    assert "Traceback" not in (tmp_path / "log").read_text()
