"""How a live system parts from the spec that was applied to it."""

from __future__ import annotations

from typing import Final

from victor_monitoring.base.diagnostics import Pattern, Severity

LIVE_DIFFERENCE: Final = Pattern(
    "VM900",
    "live-difference",
    Severity.ERROR,
    """A live system holds something else than what the spec renders.

It was edited there by hand, or the spec was changed and not applied. `victor-mon apply` brings it back; a
change that is to stay belongs into the spec.""",
)
NOT_APPLIED: Final = Pattern(
    "VM901",
    "not-applied",
    Severity.ERROR,
    """Something that the spec renders is missing in a live system.

It was never applied, or removed there. `victor-mon apply` adds it.""",
)
LEFTOVER: Final = Pattern(
    "VM902",
    "leftover",
    Severity.ERROR,
    """A live system holds something of the spec's that is no longer rendered.

It still alerts, or shows, what nobody maintains. `victor-mon apply` removes it.""",
)
UNLOADED: Final = Pattern(
    "VM903",
    "unloaded-rule",
    Severity.ERROR,
    """A live system has not loaded what stands in its files.

It was not told to reload, or it refused. `victor-mon apply` reloads it, or says why it refuses.""",
)
UNHEALTHY: Final = Pattern(
    "VM904",
    "unhealthy-rule",
    Severity.ERROR,
    """A rule is loaded and cannot be evaluated.

Its alert never fires, its recorded series stays empty. The message is Prometheus' own.""",
)
ABSENT_SERIES: Final = Pattern(
    "VM905",
    "absent-series",
    Severity.ERROR,
    """A metric or a recorded series has no live series.

Alerts and panels that read it are silent. A metric that may be absent says so: `may_be_absent: true`.""",
)
UNMATCHED: Final = Pattern(
    "VM906",
    "unmatched-selector",
    Severity.ERROR,
    """A selector matches no live series, though its metric exists.

What reads it is silent. In `select` this is often an external label: Prometheus adds those when data leave
it, and nothing can be selected by them. Bad: `select: {cluster: eu}` where `cluster` is an external label.
Good: `select: {job: shop}`, a label that the scraped series have.""",
)
EMPTY_PANEL: Final = Pattern(
    "VM907",
    "empty-panel",
    Severity.ERROR,
    """The query of a panel yields no data.

Whoever looks at it sees nothing, also when something is wrong.""",
)
UNROUTED: Final = Pattern(
    "VM908",
    "unrouted-alert",
    Severity.ERROR,
    """Alerts of the spec do not reach the receivers that it names for them.

A route of somebody else stands before ours and keeps them. Move it behind, give it `continue: true`, or let
it match less.""",
)
UNEVALUATED: Final = Pattern(
    "VM909",
    "unevaluated-rule",
    Severity.ERROR,
    """A rule is loaded and has not been evaluated, though there was time.

Prometheus evaluates it at the interval of its group. It is overloaded, or it has just begun.""",
)
ELSEWHERE: Final = Pattern(
    "VM910",
    "left-elsewhere",
    Severity.WARNING,
    """Another namespace of the cluster holds objects with the labels of this spec and context.

Where `service.namespace` was changed, those in the old one stay, and alerts by them go on where they are
read. They are not removed, since they may be of somebody else, who has a spec of the same name. The help is
the command that removes them.""",
)
OTHER_VERSION: Final = Pattern(
    "VM911",
    "other-version",
    Severity.WARNING,
    """A Prometheus runs that is another version than the spec says.

Versions compute rates and windows differently: with the wrong one, the signals of the REST API are not
what Prometheus answers. Bad: `prometheus: "2.42"` where 3.14 runs. Good: the version that runs.""",
)
UNSELECTED: Final = Pattern(
    "VM912",
    "unselected-object",
    Severity.ERROR,
    """Nothing in the cluster selects an object that the spec renders.

A Prometheus of the operator reads only the rules that its `ruleSelector` and `ruleNamespaceSelector` select;
so do ThanosRuler, Alertmanager and Grafana's sidecar with theirs. One that is not given selects nothing.
Bad: no labels, where `ruleSelector` is `release: monitoring`.
Good: `kubernetes: {labels: {release: monitoring}}`.""",
)
SELECTED_TWICE: Final = Pattern(
    "VM913",
    "selected-twice",
    Severity.NOTE,
    """Several objects of the operator select one that the spec renders.

Each of them evaluates the rules, or scrapes, or routes: an alert may be sent twice.""",
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
    """An object refers to a Secret, a key, a Service or a port that the cluster does not have.

The operator skips an AlertmanagerConfig whose Secret is missing, as a whole; a ServiceMonitor whose Service
is missing scrapes nothing.""",
)
REFUSED: Final = Pattern(
    "VM916",
    "refused-object",
    Severity.ERROR,
    """The operator says in an object's status that it does not accept the object. The message is its own.""",
)
UNREADABLE: Final = Pattern(
    "VM917",
    "unreadable-resource",
    Severity.WARNING,
    """The user may not read a resource of the cluster, so that something is not known.

It is judged as unknown, not as right. The help is the right that is missing.""",
)
# What time alone does not change: somebody has to do something about it.
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
