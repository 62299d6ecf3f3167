"""The settings of the target `prometheus`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from victor_monitoring.language.model.fields import Text
from victor_monitoring.language.syntax import tree
from victor_monitoring.live.apply.http_settings import HttpSettings

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.apply.target import Delivery, Target


class PrometheusSettings(HttpSettings):
    """A Prometheus. Without `rules_dir`, its rules are delivered otherwise, and it is only queried.

    Example: `{url: "http://localhost:9090", rules_dir: rules}`
    """

    takes: ClassVar = frozenset({"rules"})

    rules_dir: Text | None = None
    """The directory from which this Prometheus reads rules files, relative to the root. Default: none; it is
    only queried. Example: `rules`"""
    file: Annotated[str, Field(pattern=r"^[^/\\]+\.ya?ml$")] | None = None
    """The name of the rules file in that directory. Default: the names of service and context, such as
    `shop-prod.yaml`. Example: `shop.yaml`"""

    def file_name(self, service: str, context: str) -> str:
        """Return the name of the context's rules file: other contexts may share the directory."""
        return self.file or f"{service}-{context}.yaml"

    def target(self, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path) -> Target:
        """Return the target for the Prometheus at `url`."""
        from victor_monitoring.live.targets.prometheus.target import PrometheusTarget

        return PrometheusTarget(self, delivery, environment, path)
