"""Duration measurement: a context manager and decorator for functions and coroutines."""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, TypeVar

_LOGGER: Final = logging.getLogger(__name__)
_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])


class Measurement:
    """The measurement of one piece of work; `result` is the return value of a decorated function.

    The body may set the `outcome` itself, or an `error` that it has handled.
    """

    __slots__ = ("error", "outcome", "result", "seconds")

    def __init__(self) -> None:
        self.outcome: str | None = None
        self.error: BaseException | None = None
        self.result: object = None
        self.seconds = 0.0


class Measured:
    """A context manager (`with`, `async with`) or decorator that measures its body, or each call.

    `start` is called before the work, and `end` after it with the measurement: the seconds and the exception,
    if any, which propagates unchanged. Neither may raise.
    """

    def __init__(self, start: Callable[[], object], end: Callable[[Measurement], object]) -> None:
        self._start, self._end = start, end
        self._under_way: list[tuple[Measurement, float]] = []

    def __enter__(self) -> Measurement:
        measurement = Measurement()
        self._start()
        self._under_way.append((measurement, time.perf_counter()))
        return measurement

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        measurement, since = self._under_way.pop()
        measurement.seconds = time.perf_counter() - since
        measurement.error = error or measurement.error
        self._end(measurement)

    async def __aenter__(self) -> Measurement:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: _FunctionT) -> _FunctionT:
        """Return the measured function; a generator function unchanged, since its call does no work."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            _LOGGER.warning(
                "`%s` is a generator and not measured: use `with` inside it", function.__qualname__
            )
            return function
        wrapper = (
            self._coroutine(function) if inspect.iscoroutinefunction(function) else self._plain(function)
        )
        return functools.update_wrapper(wrapper, function)  # type: ignore[return-value] # of the same signature

    def _plain(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*arguments: Any, **options: Any) -> Any:
            with Measured(self._start, self._end) as measurement:
                measurement.result = result = function(*arguments, **options)
                return result

        return measured

    def _coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def measured(*arguments: Any, **options: Any) -> Any:
            with Measured(self._start, self._end) as measurement:
                measurement.result = result = await function(*arguments, **options)
                return result

        return measured
