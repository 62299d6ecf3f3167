"""The settings of the target `kubernetes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from victor_monitoring.language.model.fields import Text
from victor_monitoring.language.syntax import tree
from victor_monitoring.live.apply.settings import Settings

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.apply.target import Delivery, Target


class KubernetesSettings(Settings):
    """A cluster that kubectl reaches. The default `kube_context` is kubectl's current context.

    Example: `{kube_context: prod}`
    """

    takes: ClassVar = frozenset({"rules", "dashboard"})

    kube_context: Text | None = None
    """The cluster by its name in kubectl's configuration. Default: kubectl's current context. Example:
    `prod`"""

    def system(self, context: str) -> tuple[str | None, ...]:
        """Return the cluster of `kube_context`; without it, the context has its own."""
        return (self.kube_context or context,)

    def target(self, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path) -> Target:
        """Return the target for the cluster of `kube_context`."""
        from victor_monitoring.live.targets.kubernetes.target import KubernetesTarget

        return KubernetesTarget(self, delivery, environment, path)
