"""Real Kubernetes API servers for the tests: the folders that KUBEBUILDER_ASSETS and OPERATOR_ASSETS name.

`python tests/kubebuilder.py KUBE-APISERVER.XZ` makes one in `.tools/`: the server unpacked, etcd and kubectl
as links to those on PATH or to Debian's. Anybody else gets one by `setup-envtest use`.

`python tests/kubebuilder.py --operator FOLDER` makes the other one of what is packed in a folder: kcp, a
newer API in one process, the Prometheus operator with its kinds, and the kinds of Kubernetes that kcp lacks.
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
sys.path.insert(0, str(ROOT))  # run as a script, its neighbours are not to be found otherwise

from tests.programs import TOOLS, MissingProgramError, fetch, unpack  # noqa: E402 - see the line above

VARIABLE, OPERATOR_VARIABLE = "KUBEBUILDER_ASSETS", "OPERATOR_ASSETS"
ASSETS = ("etcd", "kube-apiserver", "kubectl")
OPERATOR_ASSETS = ("core-kinds.yaml", "crds", "kcp", "kubectl", "operator")
FOLDER, OPERATOR_FOLDER = TOOLS / "kubebuilder", TOOLS / "operator"
DEBIAN = {"etcd": "etcd-server", "kubectl": "kubernetes-client"}


class UnsetError(LookupError):
    """No folder of programs is named."""


def assets() -> Path:
    """The folder that holds a cluster's programs; UnsetError or MissingProgramError where there is none."""
    named = os.environ.get(VARIABLE)
    if not named:
        message = f"{VARIABLE} names no folder with {', '.join(ASSETS)}: see tests/kubebuilder.py"
        raise UnsetError(message)
    missing = [each for each in ASSETS if not os.access(Path(named, each), os.X_OK)]
    if missing:
        raise MissingProgramError(f"{', '.join(missing)} missing in {named}, which {VARIABLE} names")
    return Path(named)


def operator_assets() -> Path | None:
    """The folder with kcp and the operator, if one is named; MissingProgramError where it lacks something."""
    named = os.environ.get(OPERATOR_VARIABLE)
    missing = [each for each in OPERATOR_ASSETS if named and not Path(named, each).exists()]
    if missing:
        raise MissingProgramError(f"{', '.join(missing)} missing in {named}, which {OPERATOR_VARIABLE} names")
    return Path(named) if named else None


def debian_kubectl() -> Path | None:
    """Debian's kubectl, where it was unpacked."""
    found = TOOLS / DEBIAN["kubectl"] / "usr/bin/kubectl"
    return found if found.exists() else None


def prepare(server: Path) -> None:
    """The folder, from the packed server and from programs on PATH or Debian's packages."""
    unpack(server, FOLDER / "kube-apiserver")
    link(FOLDER, DEBIAN)


def prepare_operator(packed: Path) -> None:
    """The other folder, from what is packed in one and from kubectl on PATH or Debian's."""
    for name in ("kcp", "operator"):
        unpack(packed / f"{name}.xz", OPERATOR_FOLDER / name)
    shutil.unpack_archive(packed / "operator-crds.tar.xz", OPERATOR_FOLDER / "crds", filter="data")
    shutil.copy(packed / "core-kinds.yaml", OPERATOR_FOLDER)
    link(OPERATOR_FOLDER, {"kubectl": DEBIAN["kubectl"]})


def link(folder: Path, programs: Mapping[str, str]) -> None:
    """Links to programs on PATH or in Debian's packages, which are fetched."""
    wanted = [package for package in programs.values() if not (TOOLS / package).exists()]
    if wanted:
        print(f"fetching {' and '.join(wanted)} into {TOOLS}", file=sys.stderr)
        fetch(wanted)
    for name, package in programs.items():
        path = folder / name
        path.unlink(missing_ok=True)
        path.symlink_to(shutil.which(name) or TOOLS / package / "usr/bin" / name)


def main() -> int:
    """Makes the folder and prints its path; 2 where it cannot be made."""
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
