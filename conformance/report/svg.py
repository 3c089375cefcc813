"""An SVG of Matplotlib as part of a page: in the page's colours, without styles, short."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

COLOURS = {
    "fore": "#1c2024",
    "quiet": "#5c656e",
    "line": "#dfe3e8",
    "good": "#18794e",
    "warn": "#915907",
    "bad": "#c62a2f",
    "unclear": "#5a5fb0",
}
"""The page's colours by name, as they are in the light: in a page each becomes a variable."""

_NAMES = {colour: name for name, colour in COLOURS.items()}
_XLINK = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+\.\d+")
_LEFT_OUT = {"metadata", "style", "clipPath"}
_ATTRIBUTES = {"fill", "fill-opacity", "opacity", "stroke", "stroke-width", "stroke-opacity",
               "stroke-dasharray", "font-size", "font-weight", "text-anchor"}  # fmt: skip
"""The style properties that are kept, as attributes: these hold even where styles are forbidden."""


def for_a_page(source: str, label: str, titles: Mapping[str, str]) -> str:
    """The ``svg`` element to stand in a page of HTML, with a label for screen readers.

    ``titles`` are by the ids of their groups.
    """
    root = ET.fromstring(source)  # noqa: S314 - Matplotlib wrote the source in this process
    used = {one.get(_XLINK, "").removeprefix("#") for one in root.iter()}
    _tidy(root, used, titles)
    root.attrib = {
        "viewBox": root.get("viewBox", ""),
        "role": "group",
        "aria-label": label,
        "font-family": "system-ui, sans-serif",
        "stroke-linejoin": "round",
    }
    return ET.tostring(root, encoding="unicode")


def _tidy(element: ET.Element, used: set[str], titles: Mapping[str, str]) -> None:
    element.tag = element.tag.rpartition("}")[2]
    element.text = (element.text or "").strip() or None
    element.tail = None
    found = dict(element.attrib)
    name = found.pop("id", "")
    if name and name in used:
        found["id"] = name
    for unwanted in ("target", "clip-path"):
        found.pop(unwanted, None)
    if _XLINK in found:
        found["href"] = found.pop(_XLINK)
    for declaration in found.pop("style", "").split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if key in _ATTRIBUTES:
            found[key] = value
    element.attrib = {key: _short(value) for key, value in found.items()}
    if name.startswith("matplotlib.axis"):
        element.set("aria-hidden", "true")
    for one in list(element):
        if one.tag.rpartition("}")[2] in _LEFT_OUT:
            element.remove(one)
        else:
            _tidy(one, used, titles)
    if name in titles:
        # Screen readers read a link by its own title.
        link = next(element.iter("a"), element)
        title = ET.Element("title")
        title.text = titles[name]
        link.insert(0, title)


def _short(value: str) -> str:
    if value in _NAMES:
        return f"var(--{_NAMES[value]}, {value})"
    return _NUMBER.sub(lambda found: f"{round(float(found[0]), 1):g}", " ".join(value.split()))
