"""How jobs of remote processors are asked for and shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from picasso.access import link_keys
from picasso.access.link_keys import LinkKey
from picasso.access.links import Signer
from picasso.jobs.states import MAX_LOG
from picasso.models import File, Job
from picasso.process.child_protocol import MAX_DERIVATIVES
from picasso.process.pipelines import pipelines
from picasso.process.remote.claim import Claimed
from picasso.process.remote.lease import Held, lease_of
from picasso.process.remote.work import MAX_DETAIL
from picasso.serializers import ErrorSerializer, Links, error_of

MAX_JOBS = 100
MAX_PROCESSORS = 20


class Unit(serializers.FloatField):
    """A number from 0 to 1, and no text or truth value."""

    def to_internal_value(self, data: Any) -> float:
        if type(data) not in {int, float}:
            self.fail("invalid")
        return super().to_internal_value(data)


class ClaimSerializer(serializers.Serializer[Any]):
    processors = serializers.ListField(
        child=serializers.CharField(max_length=64),
        allow_empty=False,
        max_length=MAX_PROCESSORS,
        help_text="Names of remote processors, as `picasso.toml` declares them.",
    )
    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_JOBS, default=1, help_text="How many jobs are taken at most."
    )
    worker = serializers.CharField(
        max_length=100, default="", allow_blank=True, help_text="A name for the worker, for the log of its jobs."
    )
    all_projects = serializers.BooleanField(
        default=False, help_text="Take jobs of all projects, in equal shares. Needs `service:admin`."
    )


class ClaimedFileSerializer(serializers.Serializer[File]):
    id = serializers.UUIDField()
    name = serializers.CharField(help_text="As the client sent it. Never a path.")
    size = serializers.IntegerField(help_text="Bytes.")
    media_type = serializers.CharField(help_text="Detected from the content.")
    sha256 = serializers.CharField()
    facts = serializers.DictField(help_text="What other processors have found so far, by processor.")
    attributes = serializers.DictField()
    tags = serializers.ListField(child=serializers.CharField())
    owner = serializers.CharField()


class LeaseSerializer(serializers.Serializer[Any]):
    """A job that was given to a worker."""

    id = serializers.UUIDField(help_text="Of the job.")
    lease = serializers.CharField(help_text="For the header `Picasso-Lease` of all requests about this attempt.")
    lease_until = serializers.DateTimeField(help_text="Afterwards another worker gets the job.")
    processor = serializers.CharField()
    options = serializers.DictField(help_text="Of the processor in the pipeline of the file.")
    pipeline = serializers.CharField()
    attempt = serializers.IntegerField(help_text="The number of this attempt.")
    failures = serializers.IntegerField(help_text="How many attempts have failed before.")
    file = ClaimedFileSerializer()
    original = serializers.CharField(help_text="The address of the bytes. It needs no key, and holds as the lease.")


class RenewedSerializer(serializers.Serializer[Any]):
    lease_until = serializers.DateTimeField()
    original = serializers.CharField(help_text="A new address of the bytes.")


class ProgressSerializer(serializers.Serializer[Any]):
    progress = Unit(min_value=0, max_value=1, help_text="The part that is done.")
    message = serializers.CharField(
        max_length=MAX_LOG, default="", allow_blank=True, help_text="For the log of the job, which operators see."
    )


class FinishSerializer(serializers.Serializer[Any]):
    facts = serializers.DictField(default=dict, help_text="What was found: 64 KiB of JSON at most.")
    derivatives = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=MAX_DERIVATIVES,
        help_text="The roles that are kept of the derivatives that were sent. By default all.",
    )
    log = serializers.CharField(max_length=MAX_LOG, default="", allow_blank=True, help_text="For operators.")


class FailSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=64, help_text="In kebab-case: the error of the file.")
    detail = serializers.CharField(max_length=MAX_DETAIL, help_text="A sentence that everybody may read.")
    retry = serializers.BooleanField(
        default=False, help_text="Whether the file is not at fault: the job is tried again, up to a limit."
    )
    log = serializers.CharField(max_length=MAX_LOG, default="", allow_blank=True, help_text="For operators.")


class EndedJobSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Job.State.choices)
    attempt = serializers.IntegerField()
    error = serializers.SerializerMethodField()

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, job: Job) -> dict[str, str] | None:
        return error_of(job.error_code, job.error_detail)


def show_leases(claimed: Iterable[Claimed], base: str) -> list[dict[str, Any]]:
    """The addresses of a project's originals are signed with one key, which is asked for once."""
    key_of = cache(link_keys.current)
    return [show_lease(each, Links(base, signer(key_of, each.file, each.leased_until), True)) for each in claimed]


def show_lease(claimed: Claimed, links: Links) -> dict[str, Any]:
    job, file = claimed.job, claimed.file
    return {
        "id": job.id,
        "lease": lease_of(job.id, job.attempt),
        "lease_until": claimed.leased_until,
        "processor": job.processor,
        "options": dict(pipelines().options(job.pipeline, job.processor)),
        "pipeline": job.pipeline,
        "attempt": job.attempt,
        "failures": job.failures,
        "file": ClaimedFileSerializer(file).data,
        "original": links.original(file),
    }


def show_renewed(held: Held, until: datetime, base: str) -> dict[str, Any]:
    links = Links(base, signer(link_keys.current, held.job.file, until), True)
    return {"lease_until": until, "original": links.original(held.job.file)}


def signer(key_of: Callable[[int], LinkKey], file: File, until: datetime) -> Signer | None:
    """For the address of an original that holds until then. None with open access, where plain addresses do."""
    if settings.PICASSO.access == "open":
        return None
    return Signer(key_of(file.project_id or 0), math.ceil(until.timestamp()))


def show_ended(job: Job) -> Any:
    return EndedJobSerializer(job).data
