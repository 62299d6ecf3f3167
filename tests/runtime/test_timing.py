"""Duration measurement by `with`, `async with` and decorators."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from victor_monitoring.runtime.timing import Measured, Measurement


class Log:
    """A log of measurements."""

    def __init__(self) -> None:
        self.started = 0
        self.done: list[Measurement] = []

    def measured(self) -> Measured:
        return Measured(self._start, self.done.append)

    def _start(self) -> None:
        self.started += 1


@pytest.fixture
def log() -> Log:
    return Log()


class Broken(Exception):
    """The exception of the measured work."""


def test_a_block_is_measured(log: Log) -> None:
    """The duration is that of the body, the outcome is set by the body."""
    with log.measured() as measurement:
        assert (log.started, log.done) == (1, [])
        measurement.outcome = "hit"
    assert log.done == [measurement]
    assert measurement.seconds > 0
    assert (measurement.outcome, measurement.error) == ("hit", None)


def test_an_error_propagates_unchanged(log: Log) -> None:
    """The same exception object is raised and is in the measurement."""
    error = Broken("x")
    with pytest.raises(Broken) as caught, log.measured():
        raise error
    assert caught.value is error
    assert log.done[0].error is error


def test_an_asynchronous_block_is_measured(log: Log) -> None:
    """`async with` measures like `with`."""

    async def work() -> None:
        async with log.measured() as measurement:
            await asyncio.sleep(0)
            measurement.outcome = "hit"

    asyncio.run(work())
    assert [each.outcome for each in log.done] == ["hit"]


def test_a_function_is_measured_at_each_call(log: Log) -> None:
    """A decorated function keeps its arguments, result, name and exceptions."""

    @log.measured()
    def divide(dividend: int, *, divisor: int) -> float:
        """Documented."""
        return dividend / divisor

    assert divide(6, divisor=3) == 2
    with pytest.raises(ZeroDivisionError):
        divide(6, divisor=0)
    assert (divide.__name__, divide.__doc__) == ("divide", "Documented.")
    assert [(each.result, type(each.error)) for each in log.done] == [
        (2, type(None)),
        (None, ZeroDivisionError),
    ]


def test_coroutines_are_measured_until_they_end(log: Log) -> None:
    """Concurrent coroutines are measured separately, a cancelled one too."""

    @log.measured()
    async def work(number: int) -> int:
        await asyncio.sleep(0)
        if number == 3:
            raise asyncio.CancelledError
        return number

    async def all_of_it() -> list[int | BaseException]:
        return await asyncio.gather(*(work(number) for number in range(5)), return_exceptions=True)

    found = asyncio.run(all_of_it())
    assert [each for each in found if isinstance(each, int)] == [0, 1, 2, 4]
    assert log.started == len(log.done) == 5
    assert [type(each.error) for each in log.done].count(asyncio.CancelledError) == 1


def test_a_function_may_call_itself_and_run_in_threads(log: Log) -> None:
    """Overlapping calls are measured separately."""

    @log.measured()
    def countdown(number: int) -> int:
        return 0 if number == 0 else countdown(number - 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(countdown, [5] * 20))
    assert len(log.done) == 20 * 6


def test_generators_are_not_measured(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    """A generator function is returned unchanged with a warning, since calling it does no work."""

    def items() -> Iterator[int]:
        yield 1

    async def stream() -> AsyncIterator[int]:
        yield 1

    with caplog.at_level(logging.WARNING):
        assert log.measured()(items) is items
        assert log.measured()(stream) is stream
    assert len(caplog.messages) == 2
    assert "use `with` inside it" in caplog.messages[0]
