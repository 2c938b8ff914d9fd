"""Building XML of one namespace, which is its default."""

from __future__ import annotations

from typing import Any

from lxml import etree


def root(namespace: str, name: str) -> etree._Element:
    """A document's first element."""
    # lxml's stubs do not know that None names the default namespace.
    names: Any = {None: namespace}
    return etree.Element(f"{{{namespace}}}{name}", nsmap=names)


def add(parent: etree._Element, name: str, text: str | None = None, **more: str) -> etree._Element:
    """One more element of the same namespace, with a text and attributes; the text must be printable."""
    namespace = str(parent.tag).partition("}")[0]
    node = etree.SubElement(parent, f"{namespace}}}{name}", dict(more))
    node.text = text
    return node


def octets(node: etree._Element) -> bytes:
    """The document in UTF-8."""
    return etree.tostring(node, xml_declaration=True, encoding="utf-8")
