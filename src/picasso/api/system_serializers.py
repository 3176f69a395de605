"""How the service itself looks in answers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from picasso.access.principal import Principal
from picasso.doctor.finding import Level
from picasso.models import Job
from picasso.monitoring import health
from picasso.serializers import SentenceField, now_of, seconds


class HealthProblemSerializer(serializers.Serializer[health.Problem]):
    code = serializers.CharField(help_text="A stable identifier, such as `no-worker`.")
    level = serializers.ChoiceField(choices=[(each.value, each.value) for each in Level])
    text = serializers.CharField(help_text="A sentence for people.")
    where = serializers.CharField(help_text="The path of the console's page that has the button.")
    queue = serializers.CharField(help_text="The queue that it is about; empty if it is about none.")
    since = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField(help_text="The name of who has done it; empty where it is unknown, or not for you.")
    seconds = serializers.FloatField(allow_null=True, help_text="How long something waits, where it is about that.")


class QueueStateSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    paused = serializers.BooleanField()
    paused_at = serializers.DateTimeField(allow_null=True)
    paused_by = serializers.CharField()
    workers = serializers.IntegerField(allow_null=True, help_text="Processes that are alive; null for remote queues.")
    used = serializers.BooleanField(
        help_text="Whether something here may use it. `service` has no worker before something does, such as a scanner."
    )


class RunningJobSerializer(serializers.Serializer[Job]):
    """A job that runs now. What belongs to other projects has neither file nor name."""

    id = serializers.UUIDField()
    processor = serializers.CharField()
    project = serializers.CharField(source="project.name")
    file = serializers.SerializerMethodField(help_text="The id of its file.")
    file_name = serializers.SerializerMethodField()
    attempt = serializers.IntegerField()
    progress = serializers.FloatField(allow_null=True)
    ran = serializers.SerializerMethodField(help_text="Seconds.")

    def _is_visible(self, job: Job) -> bool:
        principal: Principal = self.context["principal"]
        return principal.owner is None and job.project_id == principal.project_id

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_file(self, job: Job) -> str | None:
        return str(job.file_id) if self._is_visible(job) else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_file_name(self, job: Job) -> str | None:
        name: str = job.file_name  # type: ignore[attr-defined] # an annotation of the query
        return name if self._is_visible(job) else None

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_ran(self, job: Job) -> float | None:
        return seconds(job.started_at, now_of(job)) if job.started_at else None


class WorkerSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The machine, the queue and the id of the process.")
    queue = serializers.CharField()
    alive = serializers.BooleanField(help_text="Whether it has reported within the last 30 seconds.")
    slots = serializers.IntegerField(help_text="How many jobs it runs at once; 0 where it is unknown.")
    started_at = serializers.DateTimeField(allow_null=True)
    seen_at = serializers.DateTimeField()
    running = RunningJobSerializer(many=True)


class DiskSerializer(serializers.Serializer[Any]):
    free = serializers.IntegerField(help_text="Bytes.")
    total = serializers.IntegerField(help_text="Bytes.")
    kept_free = serializers.IntegerField(help_text="Uploads are refused below so many bytes.")


class SystemSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    now = serializers.DateTimeField()
    health = HealthProblemSerializer(many=True, help_text="What is wrong, the worst first. Empty: all is well.")
    queues = QueueStateSerializer(many=True)
    workers = WorkerSerializer(many=True, allow_null=True, help_text="Null without the scope `service:admin`.")
    disk = DiskSerializer(allow_null=True, help_text="Null without the scope `service:admin`.")


class ReadinessSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    outcome = serializers.CharField(help_text="`ok`, or a sentence.")
    page = serializers.CharField(help_text="Of the documentation.")


class FindingSerializer(serializers.Serializer[Any]):
    subject = serializers.CharField()
    level = serializers.ChoiceField(choices=[(each.value, each.value) for each in Level])
    name = serializers.CharField(help_text="A stable identifier.")
    what = SentenceField(help_text="What is as it should be, or what is wrong; in Russian what is wrong.")
    change = SentenceField(help_text="What to do about it; may be empty.")
    page = serializers.CharField(help_text="Of the documentation; may be empty.")


class SystemChecksSerializer(serializers.Serializer[Any]):
    ready = serializers.BooleanField()
    checks = ReadinessSerializer(many=True, help_text="What the service needs, as `/readyz` has it.")
    findings = FindingSerializer(many=True, help_text="What `picasso doctor` finds without requests and tests.")


class SettingSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The environment variable.")
    value = serializers.CharField(allow_null=True, help_text="Null for a secret, and for what has no value.")
    source = serializers.ChoiceField(  # type: ignore[assignment] # a field, not where this serializer reads
        choices=["environment", "file", "default"]
    )
    secret = serializers.BooleanField()
    page = serializers.CharField(help_text="Of the documentation.")


class SystemSettingsSerializer(serializers.Serializer[Any]):
    settings = SettingSerializer(many=True)


class StoredTypeSerializer(serializers.Serializer[Any]):
    media_type = serializers.CharField()
    files = serializers.IntegerField()
    bytes = serializers.IntegerField(help_text="Of the originals.")


class StoredSerializer(serializers.Serializer[Any]):
    counted_at = serializers.DateTimeField(allow_null=True, help_text="Null before the first time.")
    files = serializers.IntegerField(help_text="With those in the trash.")
    bytes = serializers.IntegerField(help_text="Of the originals.")
    types = StoredTypeSerializer(many=True, help_text="Those that take the most space, at most 50.")


class PointSerializer(serializers.Serializer[Any]):
    """What happened in a period, and for the service how it was: null in periods in which nobody looked."""

    at = serializers.DateTimeField(help_text="When the period begins.")
    received = serializers.IntegerField(help_text="Uploads that became a file.")
    bytes = serializers.IntegerField(help_text="Of these.")
    processed = serializers.IntegerField(help_text="Files.")
    failed = serializers.IntegerField(help_text="Files.")
    failed_attempts = serializers.IntegerField(help_text="Of jobs, also those that were tried again.")
    jobs = serializers.IntegerField(help_text="Jobs that ended, of the files that were processed or failed.")
    waited = serializers.FloatField(allow_null=True, help_text="Seconds that a job waited, on average.")
    longest_wait = serializers.FloatField(help_text="Seconds.")
    ran = serializers.FloatField(help_text="Seconds that the jobs took, together.")
    waiting = serializers.IntegerField(required=False, allow_null=True, help_text="The most jobs that waited.")
    oldest = serializers.FloatField(
        required=False, allow_null=True, help_text="The most seconds for which a job had been due."
    )
    stored = serializers.IntegerField(required=False, allow_null=True, help_text="Bytes of originals.")
    files = serializers.IntegerField(required=False, allow_null=True, help_text="Stored files.")
    workers = serializers.IntegerField(required=False, allow_null=True, help_text="The fewest processes of workers.")
    free = serializers.IntegerField(required=False, allow_null=True, help_text="The fewest free bytes of the disk.")


class MetricsSerializer(serializers.Serializer[Any]):
    of = serializers.ChoiceField(choices=["project", "service"])
    step = serializers.IntegerField(help_text="Seconds of a period.")
    since = serializers.DateTimeField(help_text="When the first period begins.")
    until = serializers.DateTimeField()
    points = PointSerializer(many=True, help_text="One for each period, also where nothing happened.")
