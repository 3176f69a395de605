"""The service itself: what is wrong with it, what its workers do, figures over time, checks, settings.

A key of a project sees the figures of its project, and what stops all projects. The rest is for those who administer
the service.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from picasso import __version__, query_values
from picasso.access.principal import Principal, Scope, principal_of
from picasso.api.answers import problems
from picasso.api.parameters import KnownParameters
from picasso.api.safety import AdministersService, ReadsJobs
from picasso.api.system_serializers import (
    MetricsSerializer,
    StoredSerializer,
    SystemChecksSerializer,
    SystemSerializer,
    SystemSettingsSerializer,
)
from picasso.conf import Conf
from picasso.errors import Forbidden
from picasso.jobs import queues
from picasso.monitoring import findings, health, readiness, series, settings_shown, storage, workers
from picasso.monitoring.counting import ALL
from picasso.process.pipelines import pipelines
from picasso.process.pipelines import queues as used_queues
from picasso.queue_names import REMOTE
from picasso.serializers import base_of
from picasso.storage import default_storage

PROJECT, SERVICE = "project", "service"
OF = OpenApiParameter(
    "of", enum=[PROJECT, SERVICE], description="Of your project (default), or of all: this needs `service:admin`."
)
FROM = OpenApiParameter(
    "from", OpenApiTypes.DATETIME, description="The beginning; by default 60 periods before the end."
)
UNTIL = OpenApiParameter("until", OpenApiTypes.DATETIME, description="The end; now by default.")
STEP = OpenApiParameter(
    "step", int, enum=list(series.STEPS), description="The length of a period in seconds; 60 by default."
)
PERIODS = 60


def conf() -> Conf:
    found: Conf = settings.PICASSO
    return found


class System(KnownParameters):
    permission_classes = [ReadsJobs]

    @extend_schema(operation_id="get_system", tags=["system"], responses={200: SystemSerializer, **problems(400, 403)})
    def get(self, request: Request) -> Response:
        """What is wrong with the service, in words; its queues and its workers."""
        principal = principal_of(request.META)
        administers = principal.may(Scope.SERVICE_ADMIN)
        found = {
            "version": __version__,
            "now": timezone.now(),
            "health": [each if administers else health.without_names(each) for each in health.problems(conf())],
            "queues": queue_states(administers=administers),
            "workers": workers.all_workers() if administers else None,
            "disk": disk() if administers else None,
        }
        return Response(SystemSerializer(found, context={"principal": principal}).data)


def queue_states(*, administers: bool) -> list[dict[str, Any]]:
    """The names of remote queues are those of processors, which are for those who administer the service."""
    paused, alive, used = queues.paused(), workers.alive_by_queue(), used_queues(conf())
    names = [name for name in pipelines().queue_names if administers or not name.startswith(REMOTE)]
    return [
        {
            "name": name,
            "paused": name in paused,
            "paused_at": paused[name].paused_at if name in paused else None,
            "paused_by": paused[name].paused_by if name in paused and administers else "",
            "workers": None if name.startswith(REMOTE) else alive.get(name, 0),
            "used": name in used or name.startswith(REMOTE),
        }
        for name in names
    ]


def disk() -> dict[str, int] | None:
    try:
        found = shutil.disk_usage(conf().data_dir)
    except OSError:
        return None
    return {"free": found.free, "total": found.total, "kept_free": conf().min_free_space}


class SystemChecks(KnownParameters):
    permission_classes = [AdministersService]

    @extend_schema(
        operation_id="check_system", tags=["system"], responses={200: SystemChecksSerializer, **problems(400, 403)}
    )
    def get(self, request: Request) -> Response:
        """What the service needs, checked now, and what `picasso doctor` finds. It may take some seconds."""
        checks = readiness.check_all(readiness.needs(conf(), default_storage()))
        found = [
            {"subject": subject, **asdict(finding)} for subject, finding in findings.cheap(conf(), base_of(request))
        ]
        ready = all(each.outcome == readiness.OK for each in checks)
        return Response(SystemChecksSerializer({"ready": ready, "checks": checks, "findings": found}).data)


class SystemSettings(KnownParameters):
    permission_classes = [AdministersService]

    @extend_schema(
        operation_id="get_settings", tags=["system"], responses={200: SystemSettingsSerializer, **problems(400, 403)}
    )
    def get(self, request: Request) -> Response:
        """The settings of the web process, and where each comes from. Secrets have no value."""
        return Response(SystemSettingsSerializer({"settings": list(settings_shown.shown(conf()))}).data)


class FiguresOf(KnownParameters):
    """Of a project, or of the service."""

    permission_classes = [ReadsJobs]
    parameters: ClassVar[tuple[str, ...]] = ("of",)

    def of(self) -> str:
        return query_values.choice("of", self.request.query_params.get("of", PROJECT), (PROJECT, SERVICE))

    def project_id(self) -> int:
        """`ALL` for the service. Raises `Forbidden`, also for who sees the files of one owner only."""
        principal: Principal = principal_of(self.request.META)
        if self.of() == SERVICE:
            principal.require(Scope.SERVICE_ADMIN)
            return ALL
        if principal.owner is not None:
            raise Forbidden("These figures are of a whole project.")
        return principal.project_id

    def checks(self) -> Iterable[Callable[[], object]]:
        return [self.of]


class SystemStorage(FiguresOf):
    @extend_schema(
        operation_id="get_stored_types",
        tags=["system"],
        parameters=[OF],
        responses={200: StoredSerializer, **problems(400, 403)},
    )
    def get(self, request: Request) -> Response:
        """How much is stored of which media types. It is counted again after changes: within a minute for most."""
        project = self.project_id()
        return Response(StoredSerializer(storage.by_type(None if project == ALL else project)).data)


class SystemMetrics(FiguresOf):
    parameters = ("of", "from", "until", "step")

    def step(self) -> int:
        known = [str(each) for each in series.STEPS]
        return int(query_values.choice("step", self.request.query_params.get("step", known[0]), known))

    def moment(self, name: str, default: datetime) -> datetime:
        given = self.request.query_params.get(name)
        return default if given is None else query_values.moment(name, given)

    def span(self) -> series.Span:
        step, until = self.step(), self.moment("until", timezone.now())
        return series.span(self.moment("from", series.before(until, PERIODS * step)), until, step)

    def checks(self) -> Iterable[Callable[[], object]]:
        now = timezone.now()
        return [self.of, self.step, partial(self.moment, "from", now), partial(self.moment, "until", now)]

    @extend_schema(
        operation_id="get_metrics",
        tags=["system"],
        parameters=[OF, FROM, UNTIL, STEP],
        responses={200: MetricsSerializer, **problems(400, 403)},
    )
    def get(self, request: Request) -> Response:
        """What happened over time. By minutes there are figures of a day, by hours of 35 days, by days of two years."""
        of, project, span = self.of(), self.project_id(), self.span()
        points = series.of_service(span) if project == ALL else series.of_project(project, span)
        found = {"of": of, "step": span.step, "since": span.start, "until": span.end, "points": list(points)}
        return Response(MetricsSerializer(found).data)
