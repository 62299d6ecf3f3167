"""Patterns of differences between a live system and the spec applied to it."""

from __future__ import annotations

from typing import Final

from victor_monitoring.base.diagnostics import Pattern, Severity

LIVE_DIFFERENCE: Final = Pattern(
    "VM900",
    "live-difference",
    Severity.ERROR,
    """The content of a live system differs from the rendered content.

It was edited by hand, or the spec was changed and not applied. `victor-mon apply` restores the rendered
content; a change to keep belongs in the spec.""",
)
NOT_APPLIED: Final = Pattern(
    "VM901",
    "not-applied",
    Severity.ERROR,
    """An object that the spec renders is missing in a live system.

It was never applied, or it was removed by hand. `victor-mon apply` adds it.""",
)
LEFTOVER: Final = Pattern(
    "VM902",
    "leftover",
    Severity.ERROR,
    """A live system contains an object of the spec that is no longer rendered.

It still takes effect, and nobody maintains it. `victor-mon apply` removes it.""",
)
UNLOADED: Final = Pattern(
    "VM903",
    "unloaded-rule",
    Severity.ERROR,
    """A live system has not loaded the content of its files.

It was not reloaded, or it refused. `victor-mon apply` reloads it, or reports why it refuses.""",
)
UNHEALTHY: Final = Pattern(
    "VM904",
    "unhealthy-rule",
    Severity.ERROR,
    """A rule is loaded and cannot be evaluated.

Its alert never fires, or its recorded series stays empty. The message is Prometheus' own.""",
)
ABSENT_SERIES: Final = Pattern(
    "VM905",
    "absent-series",
    Severity.ERROR,
    """A metric or a recorded series has no live series.

Alerts and panels that read it are silent. Declare a metric that may be absent: `may_be_absent: true`.""",
)
UNMATCHED: Final = Pattern(
    "VM906",
    "unmatched-selector",
    Severity.ERROR,
    """A selector matches no live series, though its metric exists.

Alerts and panels that read it are silent. In `select` the cause is often an external label: Prometheus adds
those only to data that leave it, so no selector matches them. Bad: `select: {cluster: eu}` where `cluster` is
an external label. Good: `select: {job: shop}`, a label that the scraped series have.""",
)
EMPTY_PANEL: Final = Pattern(
    "VM907",
    "empty-panel",
    Severity.ERROR,
    """The query of a panel yields no data.

The panel stays empty, even while something is wrong.""",
)
UNROUTED: Final = Pattern(
    "VM908",
    "unrouted-alert",
    Severity.ERROR,
    """Alerts of the spec do not reach the receivers that it names for them.

An earlier route of the configuration takes them. Move it behind the routes of the spec, give it
`continue: true`, or make its matchers narrower.""",
)
UNEVALUATED: Final = Pattern(
    "VM909",
    "unevaluated-rule",
    Severity.ERROR,
    """A rule is loaded and has not been evaluated in time.

Prometheus evaluates it at the interval of its group. Prometheus is overloaded, or has just started.""",
)
ELSEWHERE: Final = Pattern(
    "VM910",
    "left-elsewhere",
    Severity.WARNING,
    """Another namespace of the cluster contains objects with the labels of this spec and context.

After a change of `service.namespace`, the objects in the old namespace remain, and their rules stay active
where they are selected. They are not removed, since they may belong to another spec of the same name. The
hint is the command that removes them.""",
)
OTHER_VERSION: Final = Pattern(
    "VM911",
    "other-version",
    Severity.WARNING,
    """A Prometheus runs another version than the spec declares.

Versions compute rates and windows differently: with the wrong one, the signals of the REST API differ from
the answers of Prometheus. Bad: `prometheus: "2.42"` where 3.14 runs. Good: the version that runs.""",
)
UNSELECTED: Final = Pattern(
    "VM912",
    "unselected-object",
    Severity.ERROR,
    """Nothing in the cluster selects an object that the spec renders.

A Prometheus of the operator reads only the rules that its `ruleSelector` and `ruleNamespaceSelector` select;
so do ThanosRuler, Alertmanager and Grafana's sidecar with theirs. A selector that is not set selects nothing.
Bad: no labels, where `ruleSelector` is `release: monitoring`.
Good: `kubernetes: {labels: {release: monitoring}}`.""",
)
SELECTED_TWICE: Final = Pattern(
    "VM913",
    "selected-twice",
    Severity.NOTE,
    """Several objects of the operator select the same object that the spec renders.

Each of them evaluates the rules, scrapes, or routes: an alert may be sent twice.""",
)
FOREIGN_NAMESPACE: Final = Pattern(
    "VM914",
    "foreign-namespace",
    Severity.ERROR,
    """An Alertmanager of the operator routes only alerts that carry the namespace of the AlertmanagerConfig.

With `alertmanagerConfigMatcherStrategy: OnNamespace`, the operator's default, it adds a matcher
`namespace="NAMESPACE"` to every route and inhibition. An alert without that label goes to the Alertmanager's
own receiver. Good: the strategy `None`, or `labels: {namespace: NAMESPACE}` in the context.""",
)
MISSING_REFERENCE: Final = Pattern(
    "VM915",
    "missing-reference",
    Severity.ERROR,
    """An object refers to a Secret, a key, a Service or a port that does not exist in the cluster.

The operator skips the whole of an AlertmanagerConfig whose Secret is missing; a ServiceMonitor whose Service
is missing scrapes nothing.""",
)
REFUSED: Final = Pattern(
    "VM916",
    "refused-object",
    Severity.ERROR,
    """The status of an object says that the operator rejects it. The message is the operator's own.""",
)
UNREADABLE: Final = Pattern(
    "VM917",
    "unreadable-resource",
    Severity.WARNING,
    """The user may not read a resource of the cluster, so a check of it is not possible.

Its state counts as unknown, not as correct. The hint names the missing permission.""",
)
# Waiting does not resolve these: a user has to act.
LASTING: Final = frozenset({UNSELECTED, FOREIGN_NAMESPACE, MISSING_REFERENCE})
LIVE: Final = (
    LIVE_DIFFERENCE,
    NOT_APPLIED,
    LEFTOVER,
    UNLOADED,
    UNHEALTHY,
    ABSENT_SERIES,
    UNMATCHED,
    EMPTY_PANEL,
    UNROUTED,
    UNEVALUATED,
    ELSEWHERE,
    OTHER_VERSION,
    UNSELECTED,
    SELECTED_TWICE,
    FOREIGN_NAMESPACE,
    MISSING_REFERENCE,
    REFUSED,
    UNREADABLE,
)
