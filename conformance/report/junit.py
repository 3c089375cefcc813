"""The report that CI systems show: one test case for each result."""

from xml.etree import ElementTree as ET

from conformance.results.exit_code import NO_VERDICT
from conformance.results.moments import iso_moment
from conformance.results.result import Outcome, Result
from conformance.results.verdict import Verdict


def as_junit(verdict: Verdict) -> str:
    """The report as JUnit XML.

    A violation that does not fail the run is skipped with its text, so that a green run is green
    wherever it is shown. A run without a verdict has one more test case with the reason.
    """
    suite = ET.Element("testsuite", name=f"dinie-conformance {verdict.contract}")
    head, *rows = verdict.table or ((),)
    measured = {
        f"{name} {column}": figure
        for name, *figures in rows
        for column, figure in zip(head[1:], figures, strict=True)
    }
    if verdict.transient:
        measured["transient"] = verdict.transient.line
    told = [("made", iso_moment(verdict.made))]
    if verdict.exchanged:
        ends = zip(("first exchange", "last exchange"), verdict.exchanged, strict=True)
        told += [(name, iso_moment(seconds)) for name, seconds in ends]
    told += [*measured.items(), *(("remark", one) for one in verdict.remarks)]
    properties = ET.SubElement(suite, "properties")
    for name, figure in told:
        ET.SubElement(properties, "property", name=name, value=figure)
    for result in verdict.results:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=result.requirement.section,
            name=result.name,
        )
        _add_outcome(case, result, verdict)
    if verdict.exit_code == NO_VERDICT:
        case = ET.SubElement(suite, "testcase", classname="run", name="verdict")
        ET.SubElement(case, "error", message=verdict.line)
    cases = suite.findall("testcase")
    found = [one.tag for case in cases for one in case]
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(found.count(tag)))
    began = verdict.exchanged[0] if verdict.exchanged else verdict.made
    # The format's own attribute has no time zone: by its schema it is UTC.
    suite.set("timestamp", iso_moment(began).removesuffix("+00:00"))
    suite.set("time", f"{verdict.seconds:.3f}")
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    # Written in ASCII: every other character as a reference, whatever reads it.
    text = ET.tostring(suites, encoding="us-ascii", xml_declaration=True).decode()
    return f"{text}\n"


def _add_outcome(case: ET.Element, result: Result, verdict: Verdict) -> None:
    if result.outcome is Outcome.ERROR:
        ET.SubElement(case, "error", message=result.actual)
    elif result.outcome is Outcome.NOT_VERIFIED:
        ET.SubElement(case, "skipped", message=f"not verified: {result.actual}")
    elif result in verdict.breaking:
        seen = f"expected {result.expected}, got {result.actual_with_finding}"
        ET.SubElement(case, "failure", message=seen).text = "\n".join(
            (
                result.requirement.summary,
                f"source: {result.source}",
                *(f"seen: {one.line}" for one in result.evidence),
                result.reproduce,
            )
        )
    elif result in verdict.violations:
        seen = f"warning: expected {result.expected}, got {result.actual_with_finding}"
        ET.SubElement(case, "skipped", message=seen)
    elif result in verdict.accepted:
        reason = verdict.reason(result)
        seen = f"accepted: expected {result.expected}, got {result.actual_with_finding}"
        ET.SubElement(case, "skipped", message=f"{seen}{f' ({reason})' if reason else ''}")
