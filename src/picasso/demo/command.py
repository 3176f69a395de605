"""The command itself. It speaks to a service as any other client does: by `picasso_client`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NoReturn

from picasso.demo.samples import WEB, Sample, samples
from picasso_client import Client, File, PicassoError
from picasso_client.cli.advice import explained

TAG = "demo"
MARK = "demo"
"""An attribute of the files that the demo has made."""
CONFIG = "picasso.toml"
PIPELINE = f"""[pipelines.{WEB}]
processors = ["image", "video", "audio", "rendition"]

[pipelines.{WEB}.rendition]
options.height = 360
"""


def main(arguments: Sequence[str]) -> NoReturn:
    """Exit: 0, or 1 if something failed."""
    chosen = parser().parse_args(arguments)
    try:
        with Client(chosen.url) as client:
            sys.exit(remove(client) if chosen.remove else fill(client, frozenset(chosen.tag)))
    except (PicassoError, ValueError) as error:
        sys.exit(f"picasso demo: {explained(error, url=chosen.url)}")


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="picasso demo",
        description="Fill a service with files of all kinds. It makes what is missing, so it can be run again.",
        epilog="The service and the key are those of PICASSO_URL and PICASSO_KEY, or of `picasso login`.",
    )
    found.add_argument("--url", help="the address of another service")
    found.add_argument("tag", nargs="*", help="only the files with one of these tags, such as holiday or trouble")
    found.add_argument("--remove", action="store_true", help="delete the files of the demo")
    return found


def fill(client: Client, tags: AbstractSet[str]) -> int:
    there = {file.name for file in client.files(tag=TAG)}
    wanted = [sample for sample in samples() if not tags or tags & {*sample.tags}]
    missing = [sample for sample in wanted if sample.name not in there]
    makeable = [sample for sample in missing if sample.can_be_made]
    stored = [file for sample in makeable if (file := store(client, sample))]
    tell(client, len(there), stored, [sample for sample in missing if not sample.can_be_made])
    names = {file.name for file in stored}
    if left := [sample for sample in makeable if sample.name not in names]:
        tell_of_pipeline(left)
    return 0


def store(client: Client, sample: Sample) -> File | None:
    """None if the service does not know the pipeline."""
    options = {"pipeline": sample.pipeline} if sample.pipeline else {}
    if sample.media_type:
        options["media_type"] = sample.media_type
    try:
        return client.upload(
            sample.make(),
            name=sample.name,
            tags=[TAG, *sample.tags],
            attributes={**sample.attributes, MARK: True},
            **options,  # type: ignore[arg-type] # texts, all of them
        )
    except PicassoError as error:
        if sample.pipeline and any(each.field == "pipeline" for each in error.errors):
            return None
        raise


def remove(client: Client) -> int:
    """Only what the demo has made: people may use its tag for files of their own."""
    names = {sample.name for sample in samples()}
    ids = [file.id for file in client.files(tag=TAG) if file.name in names and MARK in file.attributes]
    outcomes = client.change_files("delete", ids) if ids else []
    failed = [outcome for outcome in outcomes if outcome.failure]
    print(f"{len(ids) - len(failed)} files of the demo are deleted.")
    return int(bool(failed))


def tell(client: Client, before: int, stored: Sequence[File], unmade: Sequence[Sample]) -> None:
    print(f"{len(stored)} files are new" + (f", {before} were there before." if before else "."))
    for needs in sorted({sample.needs for sample in unmade}):
        names = ", ".join(sample.name for sample in unmade if sample.needs == needs)
        print(f"Not made, as {needs} is not installed: {names}")
    print(f"Look at {client.url}/ and find them by the tag `{TAG}`; those with the tag `trouble` fail on purpose.")
    print("`picasso demo --remove` deletes them.")


def tell_of_pipeline(left: Sequence[Sample]) -> None:
    """It writes no file: a demonstration is to leave nothing behind, and pipelines stay."""
    names = ", ".join(sample.name for sample in left)
    print(f"\nLeft out, as it only shows what a second pipeline does: {names}. To see it, write this")
    print(f"into {CONFIG} in the folder where the service was started, restart it, and run this again:\n")
    print(PIPELINE)
