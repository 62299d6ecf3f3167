"""The settings of a target, as written in the spec: what `validate` needs of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from victor_monitoring.language.model.fields import Written
from victor_monitoring.language.syntax.tree import Path

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.apply.target import Delivery, Target


class Settings(Written, ABC):
    """The settings of one kind of target, as written in the spec.

    `takes` names the outputs that it receives, and that are validated before: rules, routing, dashboard.
    """

    takes: ClassVar[frozenset[str]]

    def system(self, context: str) -> tuple[str | None, ...]:
        """Return the live system as far as the settings name it, else the context; equal ones are shared."""
        return (context,)

    @property
    def rules_per_group(self) -> int | None:
        """The most rules that the live system accepts in a group; None if there is no limit."""
        return None

    @property
    def dashboard_folder(self) -> str | None:
        """The folder of the dashboard in the live system; None if the settings name none."""
        return None

    @abstractmethod
    def target(self, delivery: Delivery, environment: ApplyEnvironment, path: Path) -> Target:
        """Return the target; `path` is the path of its settings in the spec."""
