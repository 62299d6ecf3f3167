"""The settings of the target `ruler`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from victor_monitoring.language.model.fields import Text
from victor_monitoring.language.syntax import tree
from victor_monitoring.live.apply.http_settings import HttpSettings

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.apply.target import Delivery, Target

ApiPath = Annotated[str, Field(pattern=r"^(/[-._~a-zA-Z0-9]+)*$")]


class RulerSettings(HttpSettings):
    """The HTTP API of a ruler. The default `namespace` is named after the service and the context.

    `rules_path` and `query_path` are below `url`: the path for the configuration of rules (the default is
    Mimir's), and that of the Prometheus API.

    Example: `{url: "https://mimir.example.org", tenant: payments}`
    """

    takes: ClassVar = frozenset({"rules"})

    namespace: Text | None = None
    """The namespace of the rule groups in the ruler. Default: the names of service and context, such as
    `shop-prod`. Example: `shop`"""
    tenant: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9!_.*'()]{1,150}$")] | None = None
    """The tenant that owns the rules. Default: none is sent. Example: `payments`"""
    rules_path: ApiPath = "/config/v1/rules"
    """The path of the ruler's configuration API, below `url`; Cortex has `/api/v1/rules`. Example:
    `/api/v1/rules`"""
    query_path: ApiPath = ""
    """The path of the Prometheus API, below `url`; Cortex has `/prometheus`. Default: none; it is at `url`.
    Example: `/prometheus`"""

    max_rules_per_group: Annotated[int, Field(gt=0)] | None = 20
    """The most rules of a group that the ruler accepts; the default is Mimir's. A group with more is split
    wherever the context renders rules: further ones are in `NAME-2`, `NAME-3` and so on. `null` is no limit.
    Example: `100`"""

    @property
    def rules_per_group(self) -> int | None:
        """The limit of the ruler."""
        return self.max_rules_per_group

    def place(self, service: str, context: str) -> tuple[str, str | None, str]:
        """Return address, tenant and namespace, which no two contexts may share."""
        return (f"{self.url}{self.rules_path}", self.tenant, self.namespace or f"{service}-{context}")

    def system(self, context: str) -> tuple[str | None, ...]:
        """Return address and tenant."""
        return (f"{self.url}{self.rules_path}", self.tenant)

    def target(self, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path) -> Target:
        """Return the target for the ruler at `url`."""
        from victor_monitoring.live.targets.ruler.target import RulerTarget

        return RulerTarget(self, delivery, environment, path)
