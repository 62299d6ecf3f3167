"""The real programs that the tests run, searched for in the folder named by TEST_PROGRAMS, if it is set.

Otherwise on PATH, then among Debian's programs unpacked into `.tools/`. `python tests/programs.py` fetches
missing programs; it needs no root, and neither installs nor starts anything. With `--unpack FOLDER` it
unpacks `NAME.xz` of each program into a folder of `.tools/`, and prints the path of that folder.
"""

from __future__ import annotations

import lzma
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VARIABLE = "TEST_PROGRAMS"
TOOLS = Path(__file__).resolve().parents[1] / ".tools"
# The Debian package of each program; it is unpacked into the folder of its name in `.tools/`, or not at all.
PACKAGES = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
}
DEBIAN_NAMES = {"alertmanager": "prometheus-alertmanager"}
# Debian's Alertmanager reads its templates from an absolute path. In the unpacked program it is replaced by
# a relative one of the same length, and a script of the usual name runs it in the matching folder.
ABSOLUTE, RELATIVE = b"/usr/share/prometheus/alertmanager", b"usr//share/prometheus/alertmanager"
STARTER = """\
#!/bin/sh
cd "$(dirname "$0")/../.." && exec usr/bin/prometheus-alertmanager "$@"
"""
INSTALLED_BY = {
    "darwin": "brew install prometheus alertmanager",
    "win32": "put the programs of https://prometheus.io/download on PATH",
    "linux": "install your distribution's packages of Prometheus and Alertmanager, or put the programs of "
    "https://prometheus.io/download on PATH",
}


class MissingProgramError(LookupError):
    """A program was not found; the message names the searched place and a way to get the program."""


def program(name: str) -> Path:
    """Return the path of a program that the tests run; MissingProgramError if not found. Fetches nothing."""
    if (folder := os.environ.get(VARIABLE)) and name in PACKAGES:
        if found := shutil.which(name, path=folder):
            return Path(found)
        raise MissingProgramError(f"`{name}` is not in {folder}, which {VARIABLE} names")
    unpacked = TOOLS / PACKAGES.get(name, "") / "usr" / "bin"
    on_path = shutil.which(name) or shutil.which(DEBIAN_NAMES.get(name, name))
    if found := on_path or shutil.which(name, path=unpacked):
        return Path(found)
    remedy = "run `python tests/programs.py`" if name in PACKAGES else "install it"
    raise MissingProgramError(f"`{name}` is not on PATH: {remedy}")


def version(path: Path) -> str:
    """Return the version that a program of Prometheus or Alertmanager prints, such as `3.14.0`."""
    printed = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    match = re.search(r"version (\d+\.\d+\.\d+)", printed.stdout + printed.stderr)
    assert match is not None, printed
    return match[1]


def missing_packages() -> list[str]:
    """Return the Debian packages of the programs that are missing."""
    if os.environ.get(VARIABLE):
        return []
    packages = set()
    for name, package in PACKAGES.items():
        try:
            program(name)
        except MissingProgramError:
            packages.add(package)
    return sorted(packages)


def fetch(packages: list[str]) -> None:
    """Unpack Debian packages into `.tools/`, using separate package lists: the system's are not changed."""
    TOOLS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=TOOLS) as scratch:
        for folder in ("state/lists/partial", "cache/archives/partial"):
            (Path(scratch) / folder).mkdir(parents=True)
        options = {
            "Dir::State": f"{scratch}/state",
            "Dir::State::Lists": f"{scratch}/state/lists",
            "Dir::Cache": f"{scratch}/cache",
            "APT::Sandbox::User": "",  # root downloads as itself: `_apt` has no access to this folder
            "Acquire::Retries": "3",
        }
        apt = [
            "apt-get",
            "-qq",
            *(part for key, value in options.items() for part in ("-o", f"{key}={value}")),
        ]
        subprocess.run([*apt, "update"], cwd=scratch, check=True)
        subprocess.run([*apt, "download", *packages], cwd=scratch, check=True)
        for package in packages:
            (archive,) = Path(scratch).glob(f"{package}_*.deb")
            unpacked = Path(scratch) / package
            subprocess.run(["dpkg", "-x", archive, unpacked], check=True)
            if package == PACKAGES["alertmanager"]:
                relocate(unpacked)
            shutil.rmtree(TOOLS / package, ignore_errors=True)
            unpacked.rename(TOOLS / package)


def relocate(unpacked: Path) -> None:
    """Make Alertmanager find its templates where it was unpacked; its arguments must be absolute paths."""
    binary = unpacked / "usr/bin/prometheus-alertmanager"
    binary.write_bytes(binary.read_bytes().replace(ABSOLUTE, RELATIVE))
    starter = unpacked / "usr/bin/alertmanager"
    starter.write_text(STARTER, encoding="utf-8")
    starter.chmod(0o755)


def unpack(packed: Path, path: Path) -> None:
    """Unpack a program completely or not at all, unless it exists."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with lzma.open(packed) as file, partial.open("wb") as unpacked:
        shutil.copyfileobj(file, unpacked)
    partial.chmod(0o755)
    partial.replace(path)


def unpack_all(source: Path) -> int:
    """Unpack every program of a folder and print the path of the unpacked ones; return 0."""
    folder = TOOLS / "unpacked"
    for name in PACKAGES:
        unpack(source / f"{name}.xz", folder / name)
    print(folder)
    return 0


def main() -> int:
    """Fetch missing programs and print the path of each; return 2 if one cannot be fetched."""
    if sys.argv[1:2] == ["--unpack"]:
        return unpack_all(Path(sys.argv[2]))
    if packages := missing_packages():
        if not (shutil.which("apt-get") and shutil.which("dpkg")):
            how = INSTALLED_BY.get(sys.platform, INSTALLED_BY["linux"])
            print(f"the tests need {', '.join(PACKAGES)}: {how}", file=sys.stderr)
            return 2
        print(f"fetching {' and '.join(packages)} into {TOOLS}", file=sys.stderr)
        try:
            fetch(packages)
        except subprocess.CalledProcessError as error:
            print(f"`{error.cmd[0]}` failed with status {error.returncode}; see above", file=sys.stderr)
            return 2
    try:
        for name in PACKAGES:
            print(f"{name} {version(program(name))}: {program(name)}")
    except MissingProgramError as missing:
        print(missing, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
