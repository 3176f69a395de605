"""The text of the pages of a Visio drawing (MS-VSDX)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field

from picasso.process.processors.document.officescan import CoreScan, TextScan
from picasso.process.processors.document.package import ROOT, Package


@dataclass(slots=True)
class Drawing:
    pages: list[str] = field(default_factory=list)
    """The text of each page: one line for each shape."""
    metadata: dict[str, str] = field(default_factory=dict)


def read(archive: zipfile.ZipFile) -> Drawing:
    """Raises `ProcessorError`, and what `zipfile` and `expat` raise for damage."""
    package, drawing = Package(archive), Drawing()
    for properties in related(package, ROOT, "core-properties"):
        core = CoreScan(0)
        with package.open(properties) as file:
            core.read(file)
        drawing.metadata = core.metadata
    for pages in related(package, package.main_part() or ROOT, "pages"):
        for page in related(package, pages, "page"):
            scan = TextScan(0)
            with package.open(page) as file:
                scan.read(file)
            drawing.pages.append(scan.result())
    return drawing


def related(package: Package, part: str, kind: str) -> list[str]:
    """The parts to which relations of this kind lead."""
    targets = (each.target for each in package.relations(part) if each.kind == kind and not each.is_external)
    return [target for target in dict.fromkeys(targets) if target in package.parts]
