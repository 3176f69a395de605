"""The internals that Picasso uses are where it looks for them, and a library that lacks one is reported clearly."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import httptools
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.source_trees import nodes
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from picasso import compatibility, conf
from picasso.compatibility import Accepts, Function, Hook, Incompatible, Need, Object, Returns
from picasso.web import server

PROJECT = Path(__file__).parents[2]
DECODERS = ("images", "video", "documents", "tables", "archives")
NAMES = [hook.used_by for hook in compatibility.HOOKS]


class Library:
    """A stand-in for a library's class."""

    __slots__ = ("slot",)

    def __init__(self, required: int, optional: int = 0) -> None:
        self.slot = required + optional

    def method(self, one: int, two: int = 0) -> None: ...


def a_mapping(given: int) -> dict[str, int]:
    return {"given": given}


HERE = f"{__name__}:Library"


@pytest.mark.parametrize("hook", compatibility.HOOKS, ids=NAMES)
def test_the_installed_libraries_have_what_a_hook_needs(hook: Hook) -> None:
    assert compatibility.faults(hook) == (), (
        f"{', '.join(hook.libraries)} changed internals that {hook.used_by} uses. Adapt that module, change the hook in"
        " src/picasso/compatibility.py and the range in pyproject.toml, then run `make test-lowest test-newest`."
    )


@pytest.mark.parametrize("hook", compatibility.HOOKS, ids=NAMES)
def test_a_library_with_hooks_has_an_upper_bound(hook: Hook) -> None:
    for name in hook.libraries:
        operators = {each.operator for each in compatibility.tested_versions()[name]}
        assert operators >= {">=", "<"}, f"{name} needs a lower and an upper bound"


@pytest.mark.parametrize("hook", compatibility.HOOKS, ids=NAMES)
def test_a_hook_names_a_module_of_ours(hook: Hook) -> None:
    assert (PROJECT / "src" / hook.used_by.replace(".", "/")).with_suffix(".py").is_file()


def test_each_hook_is_checked_by_a_program_that_uses_it() -> None:
    """`HTTP_PROTOCOL` is not required: `picasso.web.server` uses another protocol where it does not fit."""
    required = {*compatibility.WEB, *compatibility.WORKER}
    assert required == {*compatibility.HOOKS} - {compatibility.HTTP_PROTOCOL}


@pytest.mark.parametrize(
    ("hooks", "owner", "name", "replacement"),
    [
        (compatibility.WORKER, "celery.app.amqp:task_message", "headers", None),
        (compatibility.WORKER, "celery.app.amqp:AMQP", "as_task_v2", None),
        (compatibility.WEB, "a2wsgi.wsgi", "build_environ", lambda scope, body: {"PATH_INFO": scope["path"]}),
        (compatibility.WEB, "picasso.detection.libmagic:magic", "magic_setflags", None),
    ],
    ids=["headers", "as_task_v2", "build_environ", "magic_setflags"],
)
def test_a_program_does_not_start_without_an_internal(
    monkeypatch: pytest.MonkeyPatch, hooks: tuple[Hook, ...], owner: str, name: str, replacement: object
) -> None:
    holder = compatibility.resolve(owner)
    if replacement is None:
        monkeypatch.delattr(holder, name)
    else:
        monkeypatch.setattr(holder, name, replacement)
    compatibility.faults.cache_clear()
    try:
        with pytest.raises(Incompatible, match=name if replacement is None else "asgi.scope"):
            compatibility.require(*hooks)
    finally:
        compatibility.faults.cache_clear()


def test_every_method_that_the_protocol_overrides_is_listed() -> None:
    from picasso.web.http_protocol import HttpProtocol

    listed = {need.path.rpartition(".")[2] for need in compatibility.HTTP_PROTOCOL.needs if isinstance(need, Function)}
    theirs = {name for name, value in vars(HttpToolsProtocol).items() if callable(value)}
    assert theirs & vars(HttpProtocol).keys() - {"__init__"} <= listed


@pytest.mark.parametrize(
    ("need", "fault"),
    [
        (Object("no_such_module"), "No module named 'no_such_module'"),
        (Object(f"{__name__}:Nothing"), "no attribute 'Nothing'"),
        (Object(HERE, ("method", "slot", "gone")), f"{HERE} has no gone"),
        (Function(f"{HERE}.gone", ()), "no attribute 'gone'"),
        (Function(f"{HERE}.method", ("self", "other")), "method takes (self, one, two), not (self, other)"),
        (Function(f"{HERE}.__init__", ("self",)), "__init__ takes (self, required, optional), not (self)"),
        (Function(f"{HERE}.method", ("self", "one"), exact=True), "method takes (self, one, two), not (self, one)"),
        (Accepts(f"{HERE}.method", ("two", "three")), f"{HERE}.method does not accept three="),
        (Returns(f"{__name__}:a_mapping", (1,), ("given", "gone")), "a_mapping returns no gone"),
        (Returns(f"{__name__}:a_mapping", (), ("given",)), "a_mapping"),
        (Function("httptools:HttpRequestParser.feed_data", ("data",)), "HttpRequestParser.feed_data"),
    ],
)
def test_what_is_missing_is_named(need: Need, fault: str) -> None:
    (found,) = compatibility.faults(Hook(("uvicorn",), "picasso", (need,)))
    assert fault in found


@pytest.mark.parametrize(
    "need",
    [
        Object(HERE, ("method", "slot")),
        Function(f"{HERE}.method", ("self", "one")),
        Function(f"{HERE}.method", ("self", "one", "two"), exact=True),
        Function(f"{HERE}.__init__", ("self", "required")),
        Accepts(f"{HERE}.method", ("two", "one")),
        Returns(f"{__name__}:a_mapping", (1,), ("given",)),
    ],
)
def test_what_is_there_is_no_fault(need: Need) -> None:
    assert compatibility.faults(Hook(("uvicorn",), "picasso", (need,))) == ()


def test_the_message_says_what_to_install() -> None:
    hook = Hook(("uvicorn", "no-such-library"), "picasso.web.server", (Object(HERE, ("gone",)),))
    with pytest.raises(Incompatible) as error:
        compatibility.require(compatibility.HTTP_PROTOCOL, hook)
    assert f"uvicorn {metadata.version('uvicorn')}, no-such-library (not installed)" in str(error.value)
    assert re.search(r'pip install "uvicorn[<>=.,\d]+" "no-such-library"', str(error.value))


def test_uvicorns_own_protocol_takes_over_where_ours_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(HttpToolsProtocol, "_start_asgi_task")
    compatibility.faults.cache_clear()
    try:
        assert server.http_protocol(conf.load({})) == "auto"
    finally:
        compatibility.faults.cache_clear()
    assert "_start_asgi_task" in caplog.text
    assert "slower" in caplog.text


def test_this_parser_still_needs_our_way_of_declining_upgrades() -> None:
    """If the parser stops raising this, `HttpProtocol._decline` can go."""
    parser = httptools.HttpRequestParser(type("Callbacks", (), {})())
    with pytest.raises(httptools.HttpParserUpgrade):
        parser.feed_data(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")


def declared(*extras: str) -> dict[str, Requirement]:
    """The requirements of Picasso and of these extras."""
    project: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    optional: dict[str, list[str]] = project["optional-dependencies"]
    texts = [*project["dependencies"], *(text for name in extras for text in optional[name])]
    found = [Requirement(text) for text in texts]
    return {canonicalize_name(each.name): each for each in found if each.name != project["name"]}


def shipped() -> dict[str, Requirement]:
    """What an installation may have: without the tools of developers."""
    return declared(*DECODERS)


def test_each_dependency_has_both_bounds() -> None:
    lacking = [str(r) for r in shipped().values() if not {each.operator for each in r.specifier} >= {">=", "<"}]
    assert lacking == []


def test_each_installed_dependency_is_within_its_range() -> None:
    outside = [
        f"{name} {version}"
        for name, requirement in shipped().items()
        if (requirement.marker is None or requirement.marker.evaluate())
        and (version := compatibility.version(name))
        and not requirement.specifier.contains(version, prereleases=True)
    ]
    assert outside == []


def test_each_library_that_is_imported_is_declared() -> None:
    """A library that only comes along with another one could go away with any release of that."""
    owners = metadata.packages_distributions()
    imported = {name for found in nodes().values() for name in imports(found)}
    # The client is a folder of this project, and what is installed from a folder does not say which modules it has.
    foreign = imported - sys.stdlib_module_names - {"picasso", "picasso_client"}
    known = declared(*DECODERS, "oidc", "testing").keys()
    undeclared = {name for name in foreign if not {canonicalize_name(owner) for owner in owners.get(name, [])} & known}
    assert undeclared <= {"backports"}  # not on Python 3.14


def imports(found: Iterable[ast.AST]) -> set[str]:
    names = [alias.name for node in found if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in found if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    return {name.partition(".")[0] for name in names}


def test_picasso_starts_on_a_tested_set_without_a_word() -> None:
    code = "from picasso import cli; cli.check_libraries()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


def test_a_part_that_cannot_run_says_why_and_ends() -> None:
    code = (
        "import sys, celery.worker.components as components; del components.Pool\n"
        "from picasso import cli, compatibility\n"
        "compatibility.untested = lambda: ('celery 9.0',)\n"
        "sys.argv = ['picasso', 'worker']; cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "Picasso can't start with the installed libraries:\npicasso.jobs.worker does not work"
    )
    assert "has no attribute 'Pool'" in done.stderr
    assert 'pip install "celery' in done.stderr
