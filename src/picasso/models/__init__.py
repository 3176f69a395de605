"""The tables. They are the truth: a message, a file name or a process counts only if the tables agree with it."""

from __future__ import annotations

from picasso.models.audit import AuditEntry, AuditRetention
from picasso.models.base import ProjectManager, Row, UnscopedQueryError, made_at, new_id
from picasso.models.credentials import Key, LinkKey, TokenUse
from picasso.models.events import Event, EventCounter
from picasso.models.files import Derivative, File, Job, Scan
from picasso.models.imports import Import
from picasso.models.metrics import ProjectMetrics, ServiceMetrics, Step, StoredType
from picasso.models.operations import FileBatch, Queue, Reprocess, Worker
from picasso.models.people import (
    ExternalIdentity,
    Invitation,
    Membership,
    Passkey,
    SecondFactor,
    SignInFailure,
    UsedChallenge,
)
from picasso.models.projects import DEFAULT_PROJECT, MAX_DAYS, Project, Visibility
from picasso.models.remote import StagedDerivative
from picasso.models.uploads import Upload
from picasso.models.usage import DailyUsage, OwnerUsage, ProjectUsage, RateCounter
from picasso.models.webhooks import DeletedFileWebhook, Delivery, FileWebhook, Webhook

__all__ = [
    "DEFAULT_PROJECT",
    "MAX_DAYS",
    "AuditEntry",
    "AuditRetention",
    "DailyUsage",
    "DeletedFileWebhook",
    "Delivery",
    "Derivative",
    "Event",
    "EventCounter",
    "ExternalIdentity",
    "File",
    "FileBatch",
    "FileWebhook",
    "Import",
    "Invitation",
    "Job",
    "Key",
    "LinkKey",
    "Membership",
    "OwnerUsage",
    "Passkey",
    "Project",
    "ProjectManager",
    "ProjectMetrics",
    "ProjectUsage",
    "Queue",
    "RateCounter",
    "Reprocess",
    "Row",
    "Scan",
    "SecondFactor",
    "ServiceMetrics",
    "SignInFailure",
    "StagedDerivative",
    "Step",
    "StoredType",
    "TokenUse",
    "UnscopedQueryError",
    "Upload",
    "UsedChallenge",
    "Visibility",
    "Webhook",
    "Worker",
    "made_at",
    "new_id",
]
