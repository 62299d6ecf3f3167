"""Verdicts as JUnit writes them, for CI systems that show tests."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from victor_monitoring.proof.promtool import Verdict


def junit(suites: Sequence[tuple[str, Sequence[Verdict]]]) -> str:
    """The document: a suite for each spec and place, a test case for each case of an alert."""
    root = Xml.Element("testsuites")
    for name, verdicts in suites:
        failures = sum(not verdict.passed for verdict in verdicts)
        counts = {"tests": str(len(verdicts)), "failures": str(failures), "errors": "0", "skipped": "0"}
        suite = Xml.SubElement(root, "testsuite", {"name": name, **counts})
        for verdict in verdicts:
            case = verdict.case
            names = {"classname": f"{name}.{case.alert}", "name": f"{case.kind}: {case.about}"}
            element = Xml.SubElement(suite, "testcase", names)
            if not verdict.passed:
                Xml.SubElement(element, "failure", {"message": case.name}).text = verdict.said
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
