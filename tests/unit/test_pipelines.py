"""`picasso.toml`: its effects, and errors that name the line."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import ClassVar, Literal

import pytest

from picasso import conf
from picasso.conf import ConfError
from picasso.policy import NO_POLICY
from picasso.process import registry
from picasso.process.contract import Processor
from picasso.process.pipelines import Pipelines, load
from picasso.process.registry import MissingLibraries
from picasso.process.toml_places import line_of


@dataclass(frozen=True, slots=True)
class Choices:
    sizes: tuple[int, ...] = (256,)
    shape: Literal["round", "square"] = "round"
    ratio: float = 1.0
    fast: bool = False

    def __post_init__(self) -> None:
        if self.ratio <= 0:
            raise ValueError("ratio is not above 0")


class Sketch(Processor):
    name: ClassVar[str] = "sketch"
    media_types: ClassVar[tuple[str, ...]] = ("image/*", "!image/gif")
    queue: ClassVar[str] = "quick"
    Options: ClassVar[type] = Choices


class Statue(Processor):
    name: ClassVar[str] = "statue"
    media_types: ClassVar[tuple[str, ...]] = ("image/*",)
    queue: ClassVar[str] = "heavy"
    on_request: ClassVar[bool] = True


class Mosaic(Processor):
    name: ClassVar[str] = "mosaic"
    media_types: ClassVar[tuple[str, ...]] = ("image/*",)
    queue: ClassVar[str] = "quick"


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {"mosaic": MissingLibraries(("tiles",), "museum[tiles]")}
    monkeypatch.setattr(registry, "processors", lambda: {"sketch": Sketch, "statue": Statue})
    monkeypatch.setattr(registry, "unavailable", lambda: lacking)
    monkeypatch.setattr(registry, "registered", lambda: {"mosaic": Mosaic, "sketch": Sketch, "statue": Statue})


def loaded(folder: Path, text: str) -> Pipelines:
    path = folder / "picasso.toml"
    path.write_text(dedent(text))
    return load(conf.load({"PICASSO_CONFIG": str(path)}))


def steps(pipelines: Pipelines, pipeline: str, media_type: str) -> list[tuple[str, str, int]]:
    plan = pipelines.plan(pipeline, media_type)
    return [(step.processor, step.queue, step.priority) for step in plan.steps]


def test_without_a_file_all_processors_run_that_are_not_on_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    pipelines = load(conf.load({}))
    assert [pipeline.name for pipeline in pipelines] == ["default"]
    assert steps(pipelines, "default", "image/png") == [("sketch", "quick", 0)]
    assert steps(pipelines, "default", "image/gif") == []
    assert pipelines.plan("default", "image/png").version == 1


def test_a_file_of_the_folder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picasso.toml").write_text("[pipelines.default]\nversion = 7\n")
    assert load(conf.load({})).plan("default", "image/png").version == 7


def test_the_file_decides(tmp_path: Path) -> None:
    pipelines = loaded(
        tmp_path,
        """
        [pipelines.default]
        version = 2
        [pipelines.default.sketch]
        types = ["image/gif"]
        queue = "heavy"
        options.sizes = [32, 64]

        [pipelines.museum]
        priority = 5
        processors = ["statue"]
        """,
    )
    assert steps(pipelines, "default", "image/gif") == [("sketch", "heavy", 0)]
    assert steps(pipelines, "default", "image/png") == []
    assert steps(pipelines, "museum", "image/png") == [("statue", "heavy", 5)]
    assert pipelines.plan("default", "image/gif").version == 2
    assert pipelines.options("default", "sketch") == {"sizes": [32, 64]}
    assert pipelines.options("museum", "statue") == {}
    assert "museum" in pipelines
    assert "louvre" not in pipelines


def test_a_table_requests_a_processor(tmp_path: Path) -> None:
    pipelines = loaded(tmp_path, "[pipelines.default.statue]\n")
    assert [name for name, _, _ in steps(pipelines, "default", "image/png")] == ["sketch", "statue"]


def test_options_of_a_pipeline_override_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Limit:
        max_pixels: int = 1

    monkeypatch.setattr(Sketch, "name", "image")
    monkeypatch.setattr(Sketch, "Options", Limit)
    monkeypatch.setattr(registry, "registered", lambda: {"image": Sketch})
    path = tmp_path / "picasso.toml"
    path.write_text("[pipelines.small.image]\noptions.max_pixels = 5\n")
    pipelines = load(conf.load({"PICASSO_CONFIG": str(path), "PICASSO_MAX_IMAGE_PIXELS": "9"}))
    assert pipelines.options("default", "image") == {"max_pixels": 9}
    assert pipelines.options("small", "image") == {"max_pixels": 5}


def test_jobs_of_a_removed_pipeline_get_the_options_of_the_default(tmp_path: Path) -> None:
    pipelines = loaded(tmp_path, "[pipelines.default.sketch]\noptions.fast = true\n")
    assert pipelines.options("gone", "sketch") == {"fast": True}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\n\n[pipelines.default\n", 3, "not valid TOML"),
        ("x = 1\n", 1, "x: is not a known key (known keys: pipelines, remote)"),
        ("pipelines = 3\n", 1, "pipelines: must be a table"),
        ("[pipelines.default]\nsize = 3\n", 2, "pipelines.default.size: is not a known key"),
        ("[pipelines.Default]\n", 1, "kebab-case"),
        ("[pipelines.default]\n\nversion = 0\n", 3, "must be an integer from 1"),
        ("[pipelines.default]\nversion = true\n", 2, "must be an integer"),
        ("[pipelines.default]\npriority = -1\n", 2, "must be an integer from 0 to 100"),
        ("[pipelines.default]\npriority = 101\n", 2, "must be an integer from 0 to 100"),
        ('[pipelines.default]\nprocessors = [\n  "nobody",\n]\n', 2, "no processor 'nobody' is installed (installed: "),
        (
            "[pipelines.default]\n\n[pipelines.default.font]\n",
            3,
            "no processor 'font' is installed (installed: sketch, ",
        ),
        ("\n\n\n[pipeline.web]\n", 4, "pipeline: is not a known key (known keys: pipelines, remote)"),
        ("[pipelines.default]\n[pipelines.web.x.y]\n", 2, "pipelines.web.x: no processor 'x' is installed"),
        ('[pipelines.default]\nprocessors = ["mosaic"]\n', 2, "pip install 'museum[tiles]'"),
        ("[pipelines.default.mosaic]\n", 1, "the processor 'mosaic' are not installed (pip install 'museum[tiles]')"),
        ('[pipelines.default]\nprocessors = "sketch"\n', 2, "must be a list of strings"),
        (
            '[pipelines.default]\nprocessors = ["sketch"]\n[pipelines.default.statue]\n',
            3,
            "not in the list of",
        ),
        ('[pipelines.default.sketch]\nqueue = "service"\n', 2, "queue: sketch can't be on the queue service"),
        ('[pipelines.default.sketch]\nqueue = "fast"\n', 2, "queue: must be one of quick, heavy, service, not 'fast'"),
        ('[pipelines.default.sketch]\ntypes = ["png"]\n', 2, "'png' is not a pattern of media types"),
        ("[pipelines.default.sketch]\noptions.size = [1]\n", 2, "there is no option 'size'"),
        ("[pipelines.default.sketch.options]\n\nsizes = 3\n", 3, "sizes must be a list"),
        ("[pipelines.default.sketch]\noptions = { fast = 1 }\n", 2, "fast must be true or false, not 1"),
        ('[pipelines.default.sketch]\noptions.sizes = ["big"]\n', 2, "sizes must be an integer, not 'big'"),
        ('[pipelines.default.sketch]\noptions.shape = "oval"\n', 2, "shape must be one of round, square, not 'oval'"),
        ("[pipelines.default.sketch]\noptions.ratio = 0\n", 2, "ratio is not above 0"),
    ],
)
def test_errors_name_their_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(ConfError) as fault:
        loaded(tmp_path, text)
    assert message in str(fault.value)
    assert f"line {line}" in str(fault.value)
    assert str(fault.value).startswith("picasso.toml")


def test_all_faults_are_listed_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = """\
        [pipelines.Web]
        version = 0
        priority = 101
        size = 3
        [pipelines.default.sketch]
        queue = "fast"
        types = ["png", "image/png", "gif"]
        options.size = [1]
        options.ratio = 0
        [pipelines.default.font]
        options.sizes = [1]
        [pipeline.web]
        """
    with pytest.raises(ConfError) as fault:
        loaded(tmp_path, text)
    lines = str(fault.value).splitlines()
    places = [line.partition(": ")[0].removeprefix("picasso.toml, line ") for line in lines]
    assert places == ["1", "2", "3", "4", "6", "7", "7", "8", "9", "10", "12"]


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "picasso.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfError, match="not valid TOML"):
        load(conf.load({"PICASSO_CONFIG": str(tmp_path / "picasso.toml")}))


def test_a_configured_file_must_exist() -> None:
    with pytest.raises(ConfError, match="PICASSO_CONFIG must be an existing file"):
        conf.load({"PICASSO_CONFIG": "/nowhere/picasso.toml"})


def test_lines_are_found_among_comments_and_strings() -> None:
    text = '# [pipelines.a]\n[pipelines.b]\nx = """\ny = 1\n"""\n"quoted key".z = 2\n'
    assert line_of(("pipelines", "b", "x"), text) == 3
    assert line_of(("pipelines", "b", "quoted key", "z"), text) == 6
    assert line_of(("pipelines", "b", "missing"), text) == 2
    assert line_of(("missing",), text) == 1


def test_decoders_of_other_machines_can_be_assumed(tmp_path: Path) -> None:
    path = tmp_path / "picasso.toml"
    path.write_text('[pipelines.old]\nprocessors = ["mosaic"]\n')
    pipelines = load(conf.load({"PICASSO_CONFIG": str(path), "PICASSO_ASSUME_DECODERS": "true"}))
    assert [name for name, _, _ in steps(pipelines, "default", "image/png")] == ["mosaic", "sketch"]
    assert [name for name, _, _ in steps(pipelines, "old", "image/png")] == ["mosaic"]
    assert not pipelines["default"].unavailable


def test_a_pipeline_knows_which_of_its_processors_lack_libraries(tmp_path: Path) -> None:
    pipelines = loaded(tmp_path, '[pipelines.museum]\nprocessors = ["statue"]\n')
    assert pipelines["default"].unavailable == {"mosaic"}
    assert [name for name, _, _ in steps(pipelines, "default", "image/png")] == ["sketch"]
    assert not pipelines["museum"].unavailable


def test_the_policy_of_a_pipeline(tmp_path: Path) -> None:
    text = """\
        [pipelines.web.policy]
        allowed_types = ["image/*"]
        max_size = {"*" = 1000}
        active_content.macros = "refuse"
        """
    found = loaded(tmp_path, text)
    assert found.policy("web").allows("image/png")
    assert not found.policy("web").allows("text/plain")
    assert found.policy("web").max_size("image/png") == 1000
    assert found.policy("default") == found.policy("no-longer-there") == NO_POLICY


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('allowed_types = "image/*"', "allowed_types: must be a list"),
        ('allowed_types = ["picture"]', "allowed_types: 'picture' is not a pattern"),
        ("max_size = 0", "max_size: must be a number of bytes"),
        ('bombs = "explode"', "bombs: must be one of accept, flag, refuse"),
        ('types = ["image/*"]', "types: is not known"),
        ('active_content.macro = "refuse"', "active_content.macro: is not a kind"),
    ],
)
def test_a_fault_of_a_policy_names_its_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(ConfError) as raised:
        loaded(tmp_path, f"[pipelines.web]\nversion = 2\n[pipelines.web.policy]\n{line}\n")
    assert f"line 4: pipelines.web.policy.{message}" in str(raised.value)
