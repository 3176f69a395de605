"""Media types of XML documents by the namespace and the name of their root element."""

from __future__ import annotations

from picasso.detection.text.prolog import Root

OFFICE, RDF = "urn:oasis:names:tc:opendocument:xmlns:office:1.0", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FLAT = "application/vnd.oasis.opendocument.{}-flat-xml"

# A namespace, or the part of it that all versions of a format have.
BY_NAMESPACE: dict[str, str] = {
    "http://www.w3.org/2000/svg": "image/svg+xml",
    "urn:mpeg:dash:schema:mpd:": "application/dash+xml",
    "urn:mpeg:DASH:schema:MPD:": "application/dash+xml",
    "http://schemas.microsoft.com/winfx/2006/xaml": "application/xaml+xml",
    "http://schemas.microsoft.com/client/2007": "application/xaml+xml",
    "http://maven.apache.org/POM/": "application/x-maven-pom+xml",
    "http://www.abisource.com/awml.dtd": "application/x-abiword",
    "http://www.gnumeric.org/": "application/x-gnumeric",
    "http://www.gnome.org/gnumeric/": "application/x-gnumeric",
    "http://www.lysator.liu.se/~alla/dia/": "application/x-dia-diagram",
    "http://www.w3.org/2005/Atom": "application/atom+xml",
    "http://purl.org/atom/ns#": "application/atom+xml",
    "http://www.w3.org/2007/app": "application/atomsvc+xml",
    "http://purl.org/rss/1.0/": "application/rss+xml",
    "http://www.opengis.net/kml/": "application/vnd.google-earth.kml+xml",
    "http://earth.google.com/kml/": "application/vnd.google-earth.kml+xml",
    "http://www.opengis.net/gml": "application/gml+xml",
    "http://www.topografix.com/GPX/": "application/gpx+xml",
    "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/": "application/vnd.garmin.tcx+xml",
    "http://www.collada.org/": "model/vnd.collada+xml",
    "http://www.web3d.org/specifications/x3d": "model/x3d+xml",
    "http://www.w3.org/1998/Math/MathML": "application/mathml+xml",
    "http://www.w3.org/ns/ttml": "application/ttml+xml",
    "http://www.w3.org/2006/10/ttaf1": "application/ttml+xml",
    "http://www.w3.org/2006/04/ttaf1": "application/ttml+xml",
    "http://www.w3.org/1999/XSL/Transform": "application/xslt+xml",
    "http://www.w3.org/1999/XSL/Format": "application/xslfo+xml",
    "http://schemas.xmlsoap.org/wsdl/": "application/wsdl+xml",
    "http://www.w3.org/ns/wsdl": "application/wsdl+xml",
    "http://schemas.xmlsoap.org/soap/envelope/": "application/soap+xml",
    "http://www.w3.org/2003/05/soap-envelope": "application/soap+xml",
    "http://www.w3.org/2001/SMIL": "application/smil+xml",
    "http://www.w3.org/ns/SMIL": "application/smil+xml",
    "http://www.w3.org/2005/sparql-results#": "application/sparql-results+xml",
    "http://www.w3.org/2001/vxml": "application/voicexml+xml",
    "http://www.w3.org/2001/06/grammar": "application/srgs+xml",
    "http://www.w3.org/2001/10/synthesis": "application/ssml+xml",
    "http://www.w3.org/2005/07/scxml": "application/scxml+xml",
    "http://www.w3.org/2002/07/owl#": "application/owl+xml",
    RDF: "application/rdf+xml",
    "adobe:ns:meta/": "application/x-xmp",
    "urn:oasis:names:tc:xliff:document:": "application/xliff+xml",
    OFFICE: FLAT.format("text"),
    "http://docbook.org/ns/docbook": "application/docbook+xml",
    "http://www.gribuser.ru/xml/fictionbook/": "application/x-fictionbook+xml",
    "http://xspf.org/ns/0/": "application/xspf+xml",
    "http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul": "application/vnd.mozilla.xul+xml",
    "http://ns.adobe.com/xdp/": "application/vnd.adobe.xdp+xml",
    "http://ns.adobe.com/xfdf/": "application/vnd.adobe.xfdf",
    "http://schemas.microsoft.com/office/word/2003/wordml": "application/vnd.ms-wordml",
    "urn:schemas-microsoft-com:office:spreadsheet": "application/vnd.ms-spreadsheetml",
    "http://schemas.microsoft.com/visio/2003/core": "application/vnd.visio",
    "http://www.daisy.org/z3986/2005/ncx/": "application/x-dtbncx+xml",
    "http://www.idpf.org/2007/opf": "application/oebps-package+xml",
    "urn:ietf:params:xml:ns:metalink": "application/metalink4+xml",
    "http://www.metalinker.org/": "application/metalink+xml",
    "http://www.editeur.org/onix/": "application/onix-message+xml",
    "http://ns.editeur.org/onix/": "application/onix-message+xml",
    "http://www.loc.gov/MARC21/slim": "application/marcxml+xml",
    "http://www.loc.gov/mods/": "application/mods+xml",
    "http://www.loc.gov/METS/": "application/mets+xml",
    "http://www.tei-c.org/ns/1.0": "application/tei+xml",
    "http://www.newzbin.com/DTD/2003/nzb": "application/x-nzb",
    "http://www.xml-cml.org/schema": "chemical/x-cml",
}

# Formats whose root element often has no namespace, and those that have one for each version. If the name is a common
# word, one of these words must stand in the document type declaration, in the start tag or shortly behind it.
BY_NAME: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "svg": (("image/svg+xml", ("",)),),
    "rss": (("application/rss+xml", ("",)),),
    "kml": (("application/vnd.google-earth.kml+xml", ("",)),),
    "gpx": (("application/gpx+xml", ("",)),),
    "TrainingCenterDatabase": (("application/vnd.garmin.tcx+xml", ("",)),),
    "COLLADA": (("model/vnd.collada+xml", ("",)),),
    "X3D": (("model/x3d+xml", ("",)),),
    "tt": (("application/ttml+xml", ("ttml", "ttaf", "xml:lang")),),
    "smil": (("application/smil+xml", ("",)),),
    "opml": (("text/x-opml+xml", ("",)),),
    "xliff": (("application/xliff+xml", ("",)),),
    "tmx": (("application/x-tmx+xml", ("",)),),
    "plist": (("application/x-plist", ("",)),),
    "FictionBook": (("application/x-fictionbook+xml", ("",)),),
    "score-partwise": (("application/vnd.recordare.musicxml+xml", ("",)),),
    "score-timewise": (("application/vnd.recordare.musicxml+xml", ("",)),),
    "xfdf": (("application/vnd.adobe.xfdf", ("",)),),
    "mxfile": (("application/vnd.jgraph.mxfile", ("",)),),
    "mxGraphModel": (("application/vnd.jgraph.mxfile", ("",)),),
    "ONIXMessage": (("application/onix-message+xml", ("",)),),
    "ONIXmessage": (("application/onix-message+xml", ("",)),),
    "DIF": (("application/dif+xml", ("",)),),
    "jnlp": (("application/x-java-jnlp-file", ("",)),),
    "nzb": (("application/x-nzb", ("",)),),
    "asx": (("application/x-ms-asx", ("version", "VERSION")),),
    "ASX": (("application/x-ms-asx", ("version", "VERSION")),),
    "glade-interface": (("application/x-glade", ("",)),),
    "interface": (("application/x-gtk-builder", ("domain=", 'lib="gtk', 'lib="libadwaita', " gtk+ ", 'class="Gtk')),),
    "TS": (("text/vnd.trolltech.linguist", ("DOCTYPE TS", "language", "version")),),
    "ttFont": (("application/x-font-ttx", ("",)),),
    "dita": (("application/dita+xml", ("",)),),
    "book": (("application/docbook+xml", ("DocBook", "docbook")),),
    "article": (("application/docbook+xml", ("DocBook", "docbook")),),
    "refentry": (("application/docbook+xml", ("DocBook", "docbook")),),
    "map": (
        ("application/dita+xml", ("DITA", "dita")),
        ("application/x-freemind", ("<node ", "freeplane", "FreeMind")),
    ),
    "bookmap": (("application/dita+xml", ("DITA", "dita")),),
    "topic": (("application/dita+xml", ("DITA", "dita")),),
    "task": (("application/dita+xml", ("DITA", "dita")),),
    "concept": (("application/dita+xml", ("DITA", "dita")),),
    "reference": (("application/dita+xml", ("DITA", "dita")),),
    "math": (("application/mathml+xml", ("MathML", "mathml")),),
    "vxml": (("application/voicexml+xml", ("",)),),
    "sbml": (("application/sbml+xml", ("",)),),
    "xdp": (("application/vnd.adobe.xdp+xml", ("",)),),
    "amf": (("application/x-amf", ("unit", "version")),),
    "MPD": (("application/dash+xml", ("profiles=", "mediaPresentationDuration", "minBufferTime")),),
    "Asx": (("application/x-ms-asx", ("version", "VERSION", "Version")),),
    "abiword": (("application/x-abiword", ("fileformat", "awml")),),
    "SCRIBUS": (("application/x-scribus", ("Version",)),),
    "SCRIBUSUTF8": (("application/x-scribus", ("Version",)),),
    "SCRIBUSUTF8NEW": (("application/x-scribus", ("Version",)),),
    "wml": (("text/vnd.wap.wml", ("WML", "<card")),),
    "TEI.2": (("application/tei+xml", ("",)),),
    "project": (("application/x-maven-pom+xml", ("<modelVersion>",)),),
}


def type_of_root(root: Root) -> str | None:
    """None if its vocabulary is not known."""
    return by_namespace(root) or next(
        (media_type for media_type, evidence in BY_NAME.get(root.name, ()) if _has_evidence(root, evidence)), None
    )


def _has_evidence(root: Root, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words for text in (root.declaration, root.tag, root.following))


def by_namespace(root: Root) -> str | None:
    namespace = root.namespace
    if not namespace:
        return None
    found = BY_NAMESPACE.get(namespace) or next(
        (media_type for start, media_type in BY_NAMESPACE.items() if namespace.startswith(start)), None
    )
    refine = REFINERS.get(namespace)
    return refine(root) if refine else found


def _flat_office(root: Root) -> str:
    """A flat OpenDocument says what it is in ``office:mimetype``."""
    stated = root.attribute("office:mimetype").rpartition(".")[2]
    return FLAT.format(stated) if stated in {"text", "spreadsheet", "presentation", "graphics"} else "text/xml"


def _rdf(root: Root) -> str:
    """RSS 1.0 is RDF with a namespace of its own."""
    is_feed = "http://purl.org/rss/1.0/" in root.tag or "http://my.netscape.com/rdf/simple/0.9/" in root.tag
    return "application/rss+xml" if is_feed else "application/rdf+xml"


# What else the root element says, by the namespace.
REFINERS = {OFFICE: _flat_office, RDF: _rdf}
