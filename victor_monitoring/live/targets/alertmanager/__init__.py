"""The settings of the target `alertmanager`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from victor_monitoring.language.model.fields import Text
from victor_monitoring.language.syntax import tree
from victor_monitoring.live.apply.http_settings import HttpSettings

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.apply.target import Delivery, Target


class AlertmanagerSettings(HttpSettings):
    """An Alertmanager and its configuration file.

    Example: `{url: "http://localhost:9093", config: ../alertmanager/alertmanager.yml}`
    """

    takes: ClassVar = frozenset({"routing"})

    config: Text
    """The configuration file of Alertmanager, relative to the root; only this context's part of it is
    changed. Example: `../alertmanager/alertmanager.yml`"""

    def target(self, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path) -> Target:
        """Return the target for the Alertmanager at `url`."""
        from victor_monitoring.live.targets.alertmanager.target import AlertmanagerTarget

        return AlertmanagerTarget(self, delivery, environment, path)
