"""The settings of the target `grafana`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from victor_monitoring.language.model.fields import Text
from victor_monitoring.language.syntax import tree
from victor_monitoring.live.apply.http_settings import HttpSettings

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.apply.target import Delivery, Target


class GrafanaSettings(HttpSettings):
    """A Grafana, and the title of the dashboard's folder; without `folder` the dashboard is in no folder.

    Example: `{url: "http://localhost:3000", folder: Shop, token: {env: GRAFANA_TOKEN}}`
    """

    takes: ClassVar = frozenset({"dashboard"})

    folder: Text | None = None
    """The title of the dashboard's folder, which is created if it does not exist. Default: no folder.
    Example: `Shop`"""

    @property
    def dashboard_folder(self) -> str | None:
        """The title of the folder."""
        return self.folder

    def target(self, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path) -> Target:
        """Return the target for the Grafana at `url`."""
        from victor_monitoring.live.targets.grafana.target import GrafanaTarget

        return GrafanaTarget(self, delivery, environment, path)
