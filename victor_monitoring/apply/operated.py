"""What the Prometheus operator makes of a context's objects: selected, routed, complete, or unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from victor_monitoring.apply.cluster import Cluster, Problem
from victor_monitoring.apply.manifests import Manifest
from victor_monitoring.apply.operator_routing import routing_problems, strategy_problems
from victor_monitoring.apply.references import missing_references, sidecar_problems
from victor_monitoring.apply.selected import refusals, selection_problems, selectors_of
from victor_monitoring.apply.selection import Selecting
from victor_monitoring.apply.target import Delivery

if TYPE_CHECKING:
    from victor_monitoring.apply.means import Means


class Operated:
    """One look at a cluster whose operator is to take the objects of a context, `manifests` as rendered."""

    def __init__(
        self, cluster: Cluster, delivery: Delivery, means: Means, manifests: Sequence[Manifest]
    ) -> None:
        self._cluster, self._delivery, self._means, self._manifests = cluster, delivery, means, manifests
        self._apply = f"`victor-mon apply --context {delivery.context}`"

    def missing(self) -> Iterator[Problem]:
        """What the objects refer to and the cluster does not have."""
        yield from missing_references(self._cluster, self._manifests)

    def foreseen(self) -> Iterator[Problem]:
        """Objects that would not be selected, alerts that would not be routed, and what is not known."""
        yield from selection_problems(self._cluster, self._manifests, self._apply)
        yield from sidecar_problems(self._cluster, self._manifests, self._apply)
        yield from self._astray()
        yield from self._cluster.unreadable

    def found(self, live: Sequence[Manifest]) -> Iterator[Problem]:
        """The same of the objects as they are in the cluster, and what the operator has made of them."""
        yield from selection_problems(self._cluster, self._manifests, self._apply)
        yield from sidecar_problems(self._cluster, self._manifests, self._apply)
        yield from self.missing()
        yield from refusals(live)
        astray = list(self._astray())
        yield from astray
        for alertmanager, configs in () if astray else self._routed().values():
            yield from routing_problems(
                self._delivery.spec, self._cluster, alertmanager, configs, self._means
            )
        yield from self._cluster.unreadable

    def _astray(self) -> Iterator[Problem]:
        for alertmanager, configs in self._routed().values():
            if any("route" in each["spec"] for each in configs):
                yield from strategy_problems(self._delivery.spec, self._cluster, alertmanager, self._apply)

    def _routed(self) -> Mapping[str, tuple[Selecting, list[Manifest]]]:
        """The Alertmanagers that select AlertmanagerConfigs of the context, by name, each with these."""
        found: dict[str, tuple[Selecting, list[Manifest]]] = {}
        for manifest in self._manifests:
            if manifest["kind"] == "AlertmanagerConfig":
                for each in selectors_of(self._cluster, manifest)[0]:
                    found.setdefault(str(each), (each, []))[1].append(manifest)
        return found
