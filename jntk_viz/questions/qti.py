"""Questions as a package of IMS QTI 2.1: a manifest and one file for each question."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from jntk_viz.questions import Item
from jntk_viz.whole_files import write_whole

QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_MATCH = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"
_TIME = (2020, 1, 1, 0, 0, 0)  # the same package from the same questions


def write_package(items: Sequence[Item], path: Path) -> None:
    """Write all questions as one ZIP file that learning platforms import."""

    def write(part: Path) -> None:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as package:
            _add(package, "imsmanifest.xml", manifest(items))
            for item in items:
                _add(package, f"{item.name}.xml", assessment_item(item))

    write_whole(path, write)


def _add(package: zipfile.ZipFile, name: str, root: ET.Element) -> None:
    text = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    package.writestr(zipfile.ZipInfo(name, _TIME), text, zipfile.ZIP_DEFLATED)


def manifest(items: Sequence[Item]) -> ET.Element:
    """The list of the package's files."""
    root = ET.Element("manifest", {"xmlns": PACKAGE, "identifier": "jntk_viz"})
    metadata = ET.SubElement(root, "metadata")
    ET.SubElement(metadata, "schema").text = "QTIv2.1 Package"
    ET.SubElement(metadata, "schemaversion").text = "1.0.0"
    ET.SubElement(root, "organizations")
    resources = ET.SubElement(root, "resources")
    for item in items:
        file = f"{item.name}.xml"
        kind = {"identifier": f"r-{item.name}", "type": "imsqti_item_xmlv2p1", "href": file}
        ET.SubElement(ET.SubElement(resources, "resource", kind), "file", {"href": file})
    return root


def assessment_item(item: Item) -> ET.Element:
    """One question: what is right, what is shown, how it is scored, what is said afterwards."""
    root = ET.Element(
        "assessmentItem",
        {
            "xmlns": QTI, "identifier": f"i-{item.name}", "adaptive": "false",
            "title": f"{item.category}: {item.question}"[:120], "timeDependent": "false",
        },
    )  # fmt: skip
    make = {"choice": _choice, "number": _number, "order": _order, "match": _match}[item.kind]
    body = ET.Element("itemBody")
    make(item, root, body)
    for name, base in (("SCORE", "float"), ("FEEDBACK", "identifier")):
        declared = {"identifier": name, "cardinality": "single", "baseType": base}
        ET.SubElement(root, "outcomeDeclaration", declared)
    root.append(body)
    root.append(_scored(item))
    if item.feedback:
        shown = {"outcomeIdentifier": "FEEDBACK", "identifier": "said", "showHide": "show"}
        ET.SubElement(root, "modalFeedback", shown).text = item.feedback
    return root


def _declare(root: ET.Element, cardinality: str, base: str, values: Sequence[str]) -> None:
    response = ET.SubElement(
        root,
        "responseDeclaration",
        {"identifier": "RESPONSE", "cardinality": cardinality, "baseType": base},
    )
    right = ET.SubElement(response, "correctResponse")
    for value in values:
        ET.SubElement(right, "value").text = value


def _choice(item: Item, root: ET.Element, body: ET.Element) -> None:
    names = {option: f"o{i}" for i, option in enumerate(item.options)}
    _declare(root, "single", "identifier", [names[str(item.answer)]])
    asked = {"responseIdentifier": "RESPONSE", "shuffle": "false", "maxChoices": "1"}
    interaction = ET.SubElement(body, "choiceInteraction", asked)
    _offer(item, interaction, names)


def _order(item: Item, root: ET.Element, body: ET.Element) -> None:
    names = {option: f"o{i}" for i, option in enumerate(item.options)}
    _declare(root, "ordered", "identifier", list(names.values()))
    asked = {"responseIdentifier": "RESPONSE", "shuffle": "true"}
    interaction = ET.SubElement(body, "orderInteraction", asked)
    # By name: the order that is right is not the order in which they stand.
    _offer(item, interaction, dict(sorted(names.items())))


def _offer(item: Item, interaction: ET.Element, names: dict[str, str]) -> None:
    ET.SubElement(interaction, "prompt").text = item.question
    for option, name in names.items():
        ET.SubElement(interaction, "simpleChoice", {"identifier": name}).text = option


def _number(item: Item, root: ET.Element, body: ET.Element) -> None:
    _declare(root, "single", "float", [f"{item.answer:.6g}"])
    paragraph = ET.SubElement(body, "p")
    paragraph.text = f"{item.question} "
    asked = {"responseIdentifier": "RESPONSE", "expectedLength": "10"}
    ET.SubElement(paragraph, "textEntryInteraction", asked)


def _match(item: Item, root: ET.Element, body: ET.Element) -> None:
    pairs = item.answer if isinstance(item.answer, dict) else {}
    names = {name: f"n{i}" for i, name in enumerate(pairs)}
    partners = {partner: f"p{i}" for i, partner in enumerate(sorted(set(pairs.values())))}
    right = [f"{names[name]} {partners[partner]}" for name, partner in pairs.items()]
    _declare(root, "multiple", "directedPair", right)
    asked = {
        "responseIdentifier": "RESPONSE", "shuffle": "false", "maxAssociations": str(len(pairs)),
    }  # fmt: skip
    interaction = ET.SubElement(body, "matchInteraction", asked)
    ET.SubElement(interaction, "prompt").text = item.question
    for side, most in ((names, "1"), (partners, str(len(pairs)))):
        choices = ET.SubElement(interaction, "simpleMatchSet")
        for text, name in side.items():
            one = {"identifier": name, "matchMax": most}
            ET.SubElement(choices, "simpleAssociableChoice", one).text = text


def _scored(item: Item) -> ET.Element:
    """One point for what is right; of a number, within the tolerance."""
    processing = ET.Element("responseProcessing")
    condition = ET.SubElement(processing, "responseCondition")
    right = ET.SubElement(condition, "responseIf")
    if item.kind == "number":
        off = f"{item.tolerance:.6g}"
        test = ET.SubElement(
            right, "equal", {"toleranceMode": "absolute", "tolerance": f"{off} {off}"}
        )
    else:
        test = ET.SubElement(right, "match")
    ET.SubElement(test, "variable", {"identifier": "RESPONSE"})
    ET.SubElement(test, "correct", {"identifier": "RESPONSE"})
    for parent, score in ((right, "1"), (ET.SubElement(condition, "responseElse"), "0")):
        _set(parent, "SCORE", "float", score)
    if item.feedback:
        _set(processing, "FEEDBACK", "identifier", "said")
    return processing


def _set(parent: ET.Element, name: str, base: str, value: str) -> None:
    outcome = ET.SubElement(parent, "setOutcomeValue", {"identifier": name})
    ET.SubElement(outcome, "baseValue", {"baseType": base}).text = value
