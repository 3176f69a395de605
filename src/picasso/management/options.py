"""Options that Django gives to every command."""

# They still work, but the help of our commands does not show them: operators do not need them.
HIDDEN = {
    "--force-color",
    "--no-color",
    "--pythonpath",
    "--settings",
    "--traceback",
    "--verbosity",
    "--version",
}
