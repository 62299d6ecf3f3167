"""Two clusters for all tests of a file, and a repository with namespaces of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes.brewery import Brewery
from tests.kubernetes.cluster import Clusters, clusters


@pytest.fixture(scope="module")
def cluster_pair(kubebuilder: Path, promtool: Path, amtool: Path) -> Iterator[Clusters]:
    """Two clusters, `staging` and `prod`."""
    with clusters(kubebuilder, ["staging", "prod"]) as found:
        yield found


@pytest.fixture
def brewery(cluster_pair: Clusters, tmp_path: Path) -> Brewery:
    """The brewery, rendered and applied nowhere."""
    return Brewery(tmp_path / "repository", cluster_pair)
