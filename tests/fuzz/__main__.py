"""Draw damaged inputs: `python -m tests.fuzz --seconds 60 --seed 1`; exit status 1 if one has a fault."""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.campaign import Campaign
from tests.fuzz.expositions import Expositions
from tests.fuzz.hosts import Hosts
from tests.fuzz.kind import Kind
from tests.fuzz.kubeconfigs import Kubeconfigs, kubectl
from tests.fuzz.specs import Specs
from tests.programs import program

KINDS: dict[str, type[Kind]] = {each.name: each for each in (Specs, Expositions, Hosts, Kubeconfigs)}


def main() -> int:
    """Run a campaign, or repeat one input; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long inputs are drawn")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same inputs")
    parser.add_argument("--kind", choices=KINDS, action="append", help="draw inputs of this kind alone")
    parser.add_argument("--input", type=int, help="examine the input of this number, and no other")
    given = parser.parse_args()
    kinds = [KINDS[name]() for name in given.kind or KINDS]
    usable = [each for each in kinds if _has_programs(each)]
    campaign = Campaign(usable, given.seed)
    print(f"seed {given.seed}", flush=True)
    start = time.monotonic()
    if given.input is not None:
        for kind in usable:
            kind.sample = 1
            campaign.draw(kind, given.input)
            campaign.confirm(kind)
    else:
        campaign.run(given.seconds)
    print(f"\nseed {given.seed}, {time.monotonic() - start:.0f} s")
    for kind in usable:
        drawn, judged = campaign.drawn[kind.name], campaign.judged[kind.name]
        faults = sum(each.kind == kind.name for each in campaign.findings.values())
        print(f"{kind.name}: {drawn} inputs, {judged} judged, {faults} faults")
    for key, count in campaign.repeated.most_common():
        print(f"{count:5} {key}")
    return 1 if campaign.findings else 0


def _has_programs(kind: Kind) -> bool:
    """Return whether the programs that judge a kind are found; print which one is missing."""
    for name in kind.programs:
        try:
            kubectl() if name == "kubectl" else program(name)
        except LookupError as missing:
            print(f"{kind.name} are left out: {missing}")
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
