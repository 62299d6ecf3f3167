"""Clusters shared by the tests of a file, and a repository with its own namespaces for each test.

The clusters are API servers of KUBEBUILDER_ASSETS, or workspaces of kcp if OPERATOR_ASSETS is set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.kubebuilder import operator_assets
from tests.kubernetes.brewery import Brewery
from tests.kubernetes.cluster import Clusters, clusters
from tests.kubernetes.kcp import kcp_clusters

NewClusters: TypeAlias = Callable[[Sequence[str]], AbstractContextManager[Clusters]]


@pytest.fixture(scope="module")
def new_clusters(request: pytest.FixtureRequest, promtool: Path, amtool: Path) -> NewClusters:
    """Return a function that starts clusters of some names, which are also their kubectl contexts."""
    if assets := operator_assets():
        return partial(kcp_clusters, assets)
    return partial(clusters, request.getfixturevalue("kubebuilder"))


@pytest.fixture(scope="module")
def cluster_pair(new_clusters: NewClusters) -> Iterator[Clusters]:
    """Yield two clusters, `staging` and `prod`."""
    with new_clusters(["staging", "prod"]) as found:
        yield found


@pytest.fixture
def brewery(cluster_pair: Clusters, tmp_path: Path) -> Brewery:
    """Return the brewery, rendered and applied nowhere."""
    return Brewery(tmp_path / "repository", cluster_pair)
