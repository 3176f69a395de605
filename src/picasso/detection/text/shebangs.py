"""The language of a script by the program that its first line names."""

from __future__ import annotations

import re

from picasso.detection.text.sample import Sample

# ``env`` may be followed by options and variables.
SHEBANG = re.compile(r"#![ \t]*+(?:[^ \t\r\n]*/)?env[ \t]++(?:-\S*[ \t]+|\w+=\S*[ \t]+){0,8}([^ \t\r\n]+)")
PROGRAM = re.compile(r"#![ \t]*+([^ \t\r\n]+)")
VERSION = re.compile(r"[-.\d]+(?:\.exe)?$")

SHELL = "text/x-shellscript"

LANGUAGES = {
    **dict.fromkeys(("sh", "bash", "dash", "ash", "busybox", "ksh", "mksh", "zsh", "rbash"), SHELL),
    **dict.fromkeys(("csh", "tcsh"), "text/x-shellscript"),
    **dict.fromkeys(("python", "pypy", "ipython", "uv"), "text/x-python"),
    **dict.fromkeys(("node", "nodejs", "deno", "bun", "qjs"), "text/javascript"),
    **dict.fromkeys(("ts-node", "tsx"), "application/typescript"),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), "text/x-awk"),
    **dict.fromkeys(("tclsh", "wish"), "text/x-tcl"),
    **dict.fromkeys(("runhaskell", "runghc", "stack"), "text/x-haskell"),
    **dict.fromkeys(("guile", "gosh", "racket", "scsh"), "text/x-scheme"),
    **dict.fromkeys(("lua", "luajit", "texlua"), "text/x-lua"),
    **dict.fromkeys(("ruby", "jruby", "rbx", "macruby"), "text/x-ruby"),
    **dict.fromkeys(("make", "gmake"), "text/x-makefile"),
    "perl": "text/x-perl",
    "php": "text/x-php",
    "rscript": "text/x-rsrc",
    "groovy": "text/x-groovy",
    "scala": "text/x-scala",
    "kotlin": "text/x-kotlin",
    "julia": "text/x-julia",
    "sed": "text/x-sed",
    "expect": "text/x-expect",
    "elixir": "text/x-elixir",
    "escript": "text/x-erlang",
    "swift": "text/x-swift",
    "osascript": "text/x-applescript",
    "pwsh": "application/x-powershell",
    "fish": "text/x-shellscript",
    "crystal": "text/x-crystal",
    "dart": "application/vnd.dart",
    "coffee": "application/vnd.coffeescript",
    "sbcl": "text/x-common-lisp",
    "octave": "text/x-matlab",
    "ocaml": "text/x-ocaml",
    "gnuplot": "text/x-gnuplot",
}


def shebang(sample: Sample) -> str | None:
    """None if it is no shebang, or one of a program that is not known."""
    match = SHEBANG.match(sample.start) or PROGRAM.match(sample.start)
    return language(match[1]) if match else None


def language(program: str) -> str | None:
    """The language that a program runs; its name may have a path and a version, as in ``/usr/bin/python3.12``."""
    name = program.rpartition("/")[2].lower()
    return LANGUAGES.get(name) or LANGUAGES.get(VERSION.sub("", name))
