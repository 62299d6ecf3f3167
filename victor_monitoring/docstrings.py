"""Docstrings where Python runs without (`-OO`): they document checks, keys and commands that are printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Final


class _Loader(SourceFileLoader):
    """The loader of a module that keeps its docstrings; its code is compiled again in every process."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the module as `python -O` compiles it."""
        path = self.get_filename(fullname)
        return compile(self.get_data(path), path, "exec", dont_inherit=True, optimize=1)


class _Finder:
    """A finder of the modules of one package."""

    def __init__(self, package: str) -> None:
        self._prefix: Final = f"{package}."

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of the package with a loader that keeps docstrings, None for others."""
        spec = PathFinder.find_spec(name, path, target) if name.startswith(self._prefix) else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path)
        return spec


def keep_docstrings(package: str) -> None:
    """Keep the docstrings of all modules of the package that are imported from now on."""
    sys.meta_path.insert(0, _Finder(package))
