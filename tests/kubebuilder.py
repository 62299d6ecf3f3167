"""A real Kubernetes API server for the tests: the folder that KUBEBUILDER_ASSETS names.

`python tests/kubebuilder.py KUBE-APISERVER.XZ` makes one in `.tools/`: the server unpacked, etcd and kubectl
as links to those on PATH or to Debian's. Anybody else gets one by `setup-envtest use`.
"""

from __future__ import annotations

import lzma
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, its neighbours are not to be found otherwise

from tests.programs import TOOLS, MissingProgramError, fetch, unpack  # noqa: E402 - see the line above

VARIABLE = "KUBEBUILDER_ASSETS"
ASSETS = ("etcd", "kube-apiserver", "kubectl")
FOLDER = TOOLS / "kubebuilder"
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


def debian_kubectl() -> Path | None:
    """Debian's kubectl, where it was unpacked."""
    found = TOOLS / DEBIAN["kubectl"] / "usr/bin/kubectl"
    return found if found.exists() else None


def prepare(server: Path) -> None:
    """The folder, from the packed server and from programs on PATH or Debian's packages."""
    wanted = [package for package in DEBIAN.values() if not (TOOLS / package).exists()]
    if wanted:
        print(f"fetching {' and '.join(wanted)} into {TOOLS}", file=sys.stderr)
        fetch(wanted)
    unpack(server, FOLDER / "kube-apiserver")
    for name, package in DEBIAN.items():
        link = FOLDER / name
        link.unlink(missing_ok=True)
        link.symlink_to(shutil.which(name) or TOOLS / package / "usr/bin" / name)


def main() -> int:
    """Makes the folder and prints its path; 2 where it cannot be made."""
    try:
        prepare(Path(sys.argv[1]))
    except (subprocess.CalledProcessError, OSError, lzma.LZMAError) as error:
        print(f"no cluster for the tests: {error}", file=sys.stderr)
        return 2
    print(FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
