"""Words of RTF 1.9 that matter for its text, and its charsets."""

# Python's names of the encodings of \fcharset. 0 is ANSI, 1 the default, 2 symbols.
CHARSETS = {
    77: "mac-roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}

# \ansi says nothing about the code page.
CODE_PAGES = {"mac": "mac-roman", "pc": "cp437", "pca": "cp850"}

CHARACTERS = {
    "par": "\n\n",
    "sect": "\n\n",
    "page": "\n\n",
    "column": "\n\n",
    "line": "\n",
    "softline": "\n",
    "row": "\n",
    "nestrow": "\n",
    "tab": "\t",
    "cell": "\t",
    "nestcell": "\t",
    "emdash": "\u2014",
    "endash": "\u2013",
    "emspace": "\u2003",
    "enspace": "\u2002",
    "qmspace": "\u2005",
    "bullet": "\u2022",
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "\u201c",
    "rdblquote": "\u201d",
    "ltrmark": "\u200e",
    "rtlmark": "\u200f",
    "zwj": "\u200d",
    "zwnj": "\u200c",
    "zwbo": "\u200b",
    "zwnbo": "\u2060",
}

# Groups that are no text of the document.
SKIPPED = frozenset(
    {
        *("annotation", "atnauthor", "atnid", "atndate", "atnicn", "background", "bkmkend", "bkmkstart", "buptim"),
        *("colortbl", "comment", "datafield", "datastore", "do", "docvar", "fldinst", "filetbl"),
        *("footer", "footerf", "footerl", "footerr", "header", "headerf", "headerl", "headerr"),
        *("ftncn", "ftnsep", "ftnsepc", "aftncn", "aftnsep", "aftnsepc", "info", "latentstyles"),
        *("listoverridetable", "listtable", "listtext", "mmath", "nextfile", "nonesttables", "nonshppict", "objdata"),
        *("pgptbl", "pict", "pntext", "pntxta", "pntxtb", "printim", "revtbl", "rsidtbl", "rxe", "shprslt", "sn", "sp"),
        *("stylesheet", "sv", "tc", "template", "themedata", "txe", "userprops", "wgrffmtfilter", "xe", "xmlnstbl"),
    }
)

# Groups that old readers may skip, but which have text.
WITH_TEXT = frozenset({"shpinst", "footnote"})
