"""Discovery of the classes that the modules of a package define."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from typing import TypeVar

_Base = TypeVar("_Base")


def classes(package: str, path: Iterable[str], base: type[_Base]) -> Iterator[type[_Base]]:
    """Yield the subclasses of `base` that the modules of a package define, by the modules' names."""
    for found in pkgutil.iter_modules(path):
        module = importlib.import_module(f"{package}.{found.name}")
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, base) and each.__module__ == module.__name__:
                yield each
