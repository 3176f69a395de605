"""What the name of a text says: code, configuration and other formats that nothing in the text shows for sure."""

from __future__ import annotations

from picasso.detection.media_types import BY_NAME, JSON

# Whole names, in lower case.
FILE_NAMES: dict[str, str] = {
    **dict.fromkeys(("makefile", "gnumakefile", "makefile.am", "makefile.in", "bsdmakefile"), "text/x-makefile"),
    **dict.fromkeys(("dockerfile", "containerfile"), "text/x-dockerfile"),
    **dict.fromkeys(("rakefile", "gemfile", "vagrantfile", "podfile", "fastfile", "brewfile"), "text/x-ruby"),
    **dict.fromkeys(("sconstruct", "sconscript"), "text/x-python"),
    **dict.fromkeys((".bashrc", ".bash_profile", ".profile", ".zshrc", ".bash_logout"), "text/x-shellscript"),
    **dict.fromkeys((".babelrc", ".eslintrc", ".prettierrc", "composer.lock"), JSON),
    **dict.fromkeys((".clang-format", ".clang-tidy"), "application/yaml"),
    **dict.fromkeys(("cargo.lock", "poetry.lock", "pipfile", "uv.lock"), "application/toml"),
    **dict.fromkeys((".editorconfig", ".gitconfig", ".npmrc", ".pylintrc"), "text/x-ini"),
    **dict.fromkeys(("meson.build", "meson_options.txt"), "text/x-meson"),
    **dict.fromkeys(("build.bazel", "workspace.bazel"), "text/x-bazel"),
    "cmakelists.txt": "text/x-cmake",
    "jenkinsfile": "text/x-groovy",
    "robots.txt": "text/x-robots",
    "configure.ac": "text/x-m4",
}


def type_by_name(name: str) -> str | None:
    """The media type that the name of a text says, or None."""
    name = name.lower()
    if found := FILE_NAMES.get(name):
        return found
    return BY_NAME.get(name.rpartition(".")[2]) if "." in name[1:] else None
