"""XML and HTML by the root element, JSON by its members."""

from __future__ import annotations

import json

from tests.detection.samples import Sample

TITLE = "XML, HTML and JSON"

OFFICE = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
FLAT = "application/vnd.oasis.opendocument."


def flat(kind: str) -> str:
    return f'<office:document {OFFICE} office:mimetype="{FLAT}{kind}">'


# The root element, with an XML declaration before it.
ROOTS = (
    ("text/xml", "a.xml", "<records><record/></records>"),
    ("image/svg+xml", "a.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ("application/xhtml+xml", "a.xhtml", '<html xmlns="http://www.w3.org/1999/xhtml"/>'),
    ("application/rss+xml", "a.rss", '<rss version="2.0">'),
    (
        "application/rss+xml",
        "a.rss",
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">',
    ),
    ("application/atom+xml", "a.atom", '<feed xmlns="http://www.w3.org/2005/Atom">'),
    ("application/atomsvc+xml", "a.atomsvc", '<service xmlns="http://www.w3.org/2007/app">'),
    ("text/x-opml+xml", "a.opml", '<opml version="2.0">'),
    ("application/vnd.google-earth.kml+xml", "a.kml", '<kml xmlns="http://www.opengis.net/kml/2.2">'),
    ("application/gpx+xml", "a.gpx", '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'),
    (
        "application/vnd.garmin.tcx+xml",
        "a.tcx",
        '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2">',
    ),
    ("application/gml+xml", "a.gml", '<g:FeatureCollection xmlns:g="http://www.opengis.net/gml/3.2">'),
    ("model/vnd.collada+xml", "a.dae", '<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema">'),
    ("model/x3d+xml", "a.x3d", '<X3D profile="Immersive">'),
    ("application/vnd.recordare.musicxml+xml", "a.musicxml", '<score-partwise version="4.0">'),
    ("application/xliff+xml", "a.xlf", '<xliff xmlns="urn:oasis:names:tc:xliff:document:1.2">'),
    ("application/x-tmx+xml", "a.tmx", '<tmx version="1.4">'),
    ("text/vnd.trolltech.linguist", "a.qts", '<!DOCTYPE TS>\n<TS version="2.1" language="ru">'),
    ("application/x-plist", "a.plist", '<plist version="1.0">'),
    ("application/docbook+xml", "a.dbk", '<book xmlns="http://docbook.org/ns/docbook">'),
    (
        "application/docbook+xml",
        "a.dbk",
        '<!DOCTYPE article PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "docbookx.dtd">\n<article>',
    ),
    ("application/tei+xml", "a.tei", '<TEI xmlns="http://www.tei-c.org/ns/1.0">'),
    ("application/x-fictionbook+xml", "a.fb2", '<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0">'),
    ("application/oebps-package+xml", "a.opf", '<package xmlns="http://www.idpf.org/2007/opf">'),
    ("application/x-dtbncx+xml", "a.ncx", '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/">'),
    (
        "application/dita+xml",
        "a.dita",
        '<!DOCTYPE topic PUBLIC "-//OASIS//DTD DITA Topic//EN" "topic.dtd">\n<topic id="a">',
    ),
    ("application/mathml+xml", "a.mml", '<math xmlns="http://www.w3.org/1998/Math/MathML">'),
    ("chemical/x-cml", "a.cml", '<molecule xmlns="http://www.xml-cml.org/schema">'),
    ("application/sbml+xml", "a.sbml", '<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core">'),
    ("application/smil+xml", "a.smil", '<smil xmlns="http://www.w3.org/2001/SMIL20/Language">'),
    ("application/ttml+xml", "a.ttml", '<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en">'),
    ("application/xspf+xml", "a.xspf", '<playlist version="1" xmlns="http://xspf.org/ns/0/">'),
    ("application/xslt+xml", "a.xslt", '<t:stylesheet version="1.0" xmlns:t="http://www.w3.org/1999/XSL/Transform">'),
    ("application/xslfo+xml", "a.fo", '<fo:root xmlns:fo="http://www.w3.org/1999/XSL/Format">'),
    ("application/rdf+xml", "a.rdf", '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'),
    ("application/owl+xml", "a.owx", '<Ontology xmlns="http://www.w3.org/2002/07/owl#">'),
    ("application/sparql-results+xml", "a.srx", '<sparql xmlns="http://www.w3.org/2005/sparql-results#">'),
    ("application/wsdl+xml", "a.wsdl", '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/">'),
    ("application/soap+xml", "a.soap", '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'),
    ("application/voicexml+xml", "a.vxml", '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">'),
    ("application/ssml+xml", "a.ssml", '<speak xmlns="http://www.w3.org/2001/10/synthesis">'),
    ("application/srgs+xml", "a.grxml", '<grammar xmlns="http://www.w3.org/2001/06/grammar">'),
    ("application/scxml+xml", "a.scxml", '<scxml xmlns="http://www.w3.org/2005/07/scxml">'),
    ("application/marcxml+xml", "a.mrcx", '<collection xmlns="http://www.loc.gov/MARC21/slim">'),
    ("application/mods+xml", "a.mods", '<mods xmlns="http://www.loc.gov/mods/v3">'),
    ("application/mets+xml", "a.mets", '<mets xmlns="http://www.loc.gov/METS/">'),
    ("application/onix-message+xml", "a.onix", '<ONIXMessage release="3.0">'),
    ("application/dif+xml", "a.dif", '<DIF xmlns="http://gcmd.gsfc.nasa.gov/Aboutus/xml/dif/">'),
    ("application/metalink4+xml", "a.meta4", '<metalink xmlns="urn:ietf:params:xml:ns:metalink">'),
    ("application/metalink+xml", "a.metalink", '<metalink version="3.0" xmlns="http://www.metalinker.org/">'),
    ("application/x-nzb", "a.nzb", '<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb">'),
    ("application/x-java-jnlp-file", "a.jnlp", '<jnlp spec="1.0+">'),
    ("application/x-glade", "a.glade", "<glade-interface>"),
    ("application/x-gtk-builder", "a.ui", '<interface domain="a">'),
    (
        "application/vnd.mozilla.xul+xml",
        "a.xul",
        '<window xmlns="http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul">',
    ),
    ("application/vnd.adobe.xdp+xml", "a.xdp", '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">'),
    ("application/vnd.adobe.xfdf", "a.xfdf", '<xfdf xmlns="http://ns.adobe.com/xfdf/">'),
    ("application/vnd.jgraph.mxfile", "a.drawio", '<mxfile host="app.diagrams.net">'),
    (
        "application/vnd.ms-wordml",
        "",
        '<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">',
    ),
    ("application/vnd.ms-spreadsheetml", "", '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'),
    ("application/x-font-ttx", "a.ttx", '<ttFont sfntVersion="OTTO">'),
    ("application/x-amf", "a.amf", '<amf unit="millimeter">'),
    *(
        (f"{FLAT}{kind}-flat-xml", f"a.{name}", flat(kind))
        for kind, name in (("text", "fodt"), ("spreadsheet", "fods"), ("presentation", "fodp"), ("graphics", "fodg"))
    ),
)

# Markup without an XML declaration.
MARKUP = (
    ("text/html", "a.html", "<!DOCTYPE html>\n<html><head><title>x</title></head></html>"),
    ("text/html", "a.htm", "<!-- a page -->\n<HTML><BODY>x</BODY></HTML>"),
    ("application/x-ms-asx", "a.asx", '<asx version="3.0"><entry/></asx>'),
    ("application/vnd.ms-wpl", "a.wpl", '<?wpl version="1.0"?>\n<smil><head/></smil>'),
    ("application/xml-dtd", "a.dtd", "<!ELEMENT a (b*)>\n<!ATTLIST a c CDATA #IMPLIED>\n"),
)

JSON = (
    ("application/geo+json", "a.geojson", {"type": "FeatureCollection", "features": []}),
    ("application/x-ipynb+json", "a.ipynb", {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}),
    ("application/ld+json", "a.jsonld", {"@context": "https://schema.org", "@type": "Person"}),
    ("application/manifest+json", "a.webmanifest", {"name": "A", "start_url": "/", "icons": []}),
    ("application/schema+json", "", {"$schema": "https://json-schema.org/draft/2020-12/schema"}),
    ("application/har+json", "a.har", {"log": {"version": "1.2", "entries": []}}),
    ("model/gltf+json", "a.gltf", {"asset": {"version": "2.0"}, "scenes": []}),
    ("application/topo+json", "a.topojson", {"type": "Topology", "objects": {}, "arcs": []}),
    ("application/feed+json", "", {"version": "https://jsonfeed.org/version/1.1", "title": "A"}),
    ("application/city+json", "a.cityjson", {"type": "CityJSON", "version": "2.0"}),
)

# JSON that only the name tells.
JSON_BY_NAME = (
    ("application/jrd+json", "a.jrd", {"subject": "acct:a@example.org"}),
    ("application/json-patch+json", "a.json-patch", [{"op": "remove", "path": "/a"}]),
)

SAMPLES = (
    *(
        Sample(media_type, name, f'<?xml version="1.0"?>\n<!-- a comment -->\n{root}'.encode())
        for media_type, name, root in ROOTS
    ),
    *(Sample(media_type, name, content.encode()) for media_type, name, content in MARKUP),
    *(Sample(media_type, name, json.dumps(value, indent=1).encode()) for media_type, name, value in JSON),
    *(
        Sample(media_type, name, json.dumps(value).encode(), without_name="application/json")
        for media_type, name, value in JSON_BY_NAME
    ),
    Sample("application/x-ndjson", "a.ndjson", b'{"a": 1}\n{"a": 2}\n'),
    Sample(
        "application/geo+json-seq",
        "a.geojsonl",
        b'\x1e{"type":"Feature","geometry":null}\n\x1e{"type":"Feature","geometry":null}\n',
    ),
)
