"""Folders of programs for real Kubernetes API servers, named by KUBEBUILDER_ASSETS and OPERATOR_ASSETS.

`python tests/kubebuilder.py KUBE-APISERVER.XZ` creates the first in `.tools/`: it unpacks the server, and
links to etcd and kubectl on PATH or from Debian. `setup-envtest use` creates such a folder too.

`python tests/kubebuilder.py --operator FOLDER` creates the second from packed files: kcp (a newer API in one
process), the Prometheus operator with its kinds, and the kinds of Kubernetes that are missing in kcp.
"""

from __future__ import annotations

import lzma
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script does not find its neighbouring modules otherwise

from tests.programs import TOOLS, MissingProgramError, fetch, unpack  # noqa: E402 - see the line above

VARIABLE, OPERATOR_VARIABLE = "KUBEBUILDER_ASSETS", "OPERATOR_ASSETS"
ASSETS = ("etcd", "kube-apiserver", "kubectl")
OPERATOR_ASSETS = ("core-kinds.yaml", "crds", "kcp", "kubectl", "operator")
FOLDER, OPERATOR_FOLDER = TOOLS / "kubebuilder", TOOLS / "operator"
DEBIAN = {"etcd": "etcd-server", "kubectl": "kubernetes-client"}


class UnsetError(LookupError):
    """The environment variable that names the folder of programs is not set."""


def assets() -> Path:
    """Return the folder of a cluster's programs.

    Raises UnsetError if none is named, MissingProgramError if a program is missing in it.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        message = f"{VARIABLE} names no folder with {', '.join(ASSETS)}: see tests/kubebuilder.py"
        raise UnsetError(message)
    missing = [each for each in ASSETS if not os.access(Path(named, each), os.X_OK)]
    if missing:
        raise MissingProgramError(f"{', '.join(missing)} missing in {named}, which {VARIABLE} names")
    return Path(named)


def operator_assets() -> Path | None:
    """Return the folder with kcp and the operator, if named; MissingProgramError if it is incomplete."""
    named = os.environ.get(OPERATOR_VARIABLE)
    missing = [each for each in OPERATOR_ASSETS if named and not Path(named, each).exists()]
    if missing:
        raise MissingProgramError(f"{', '.join(missing)} missing in {named}, which {OPERATOR_VARIABLE} names")
    return Path(named) if named else None


def debian_kubectl() -> Path | None:
    """Return the path of Debian's kubectl if it is unpacked."""
    found = TOOLS / DEBIAN["kubectl"] / "usr/bin/kubectl"
    return found if found.exists() else None


def prepare(server: Path) -> None:
    """Create the folder from the packed server and from programs on PATH or in Debian's packages."""
    unpack(server, FOLDER / "kube-apiserver")
    link(FOLDER, DEBIAN)


def prepare_operator(packed: Path) -> None:
    """Create the operator's folder from packed files and from kubectl on PATH or in Debian's package."""
    for name in ("kcp", "operator"):
        unpack(packed / f"{name}.xz", OPERATOR_FOLDER / name)
    shutil.unpack_archive(packed / "operator-crds.tar.xz", OPERATOR_FOLDER / "crds", filter="data")
    shutil.copy(packed / "core-kinds.yaml", OPERATOR_FOLDER)
    link(OPERATOR_FOLDER, {"kubectl": DEBIAN["kubectl"]})


def link(folder: Path, programs: Mapping[str, str]) -> None:
    """Link to programs on PATH or in Debian's packages, fetching missing packages."""
    wanted = [package for package in programs.values() if not (TOOLS / package).exists()]
    if wanted:
        print(f"fetching {' and '.join(wanted)} into {TOOLS}", file=sys.stderr)
        fetch(wanted)
    for name, package in programs.items():
        path = folder / name
        path.unlink(missing_ok=True)
        path.symlink_to(shutil.which(name) or TOOLS / package / "usr/bin" / name)


def main() -> int:
    """Create the folder and print its path; return 2 if that fails."""
    is_operator = sys.argv[1] == "--operator"
    try:
        if is_operator:
            prepare_operator(Path(sys.argv[2]))
        else:
            prepare(Path(sys.argv[1]))
    except (subprocess.CalledProcessError, OSError, lzma.LZMAError) as error:
        print(f"no cluster for the tests: {error}", file=sys.stderr)
        return 2
    print(OPERATOR_FOLDER if is_operator else FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
