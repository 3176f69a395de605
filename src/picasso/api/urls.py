"""The views of the API, below `addresses.API`. Uploads never get here: see `picasso.web.router`."""

from django.urls import path

from picasso.api.audit import AuditList
from picasso.api.docs import Docs
from picasso.api.error_codes import ErrorCodes
from picasso.api.events import EventList
from picasso.api.file_days import FileDays
from picasso.api.file_neighbours import FileNeighbours
from picasso.api.files import FileDetail, FileList
from picasso.api.files_batch import FileBatchDetail, FileBatches
from picasso.api.imports import ImportDetail, ImportList, ImportRetry
from picasso.api.jobs import (
    FileJobs,
    JobCancel,
    JobDetail,
    JobList,
    JobRetry,
    JobsCancel,
    JobsRetry,
    QueueList,
    QueuePause,
    QueueResume,
)
from picasso.api.jobs_summary import JobCount, JobSummary
from picasso.api.keys import KeyDetail, KeyList, KeyRotate
from picasso.api.links import FileLinks, LinkKeysRevoke, LinkKeysRotate
from picasso.api.me import Me
from picasso.api.pages import Index
from picasso.api.people.directory import PersonDetail, PersonInvitation, PersonList, PersonPassword, PersonSignOut
from picasso.api.pipelines import PipelineList
from picasso.api.projects import ProjectDetail, ProjectList, ProjectWebhookSecret
from picasso.api.remote import JobFail, JobFinish, JobProgress, JobRenew, JobsClaim
from picasso.api.schema import Schema
from picasso.api.system import System, SystemChecks, SystemMetrics, SystemSettings, SystemStorage
from picasso.api.tokens import KeySigningSecret, TokenList
from picasso.api.trash import FileRestore, TrashList
from picasso.api.usage import UsageView
from picasso.api.webhooks import (
    DeliveryDetail,
    DeliveryList,
    FileDeliveryList,
    WebhookDetail,
    WebhookList,
    WebhookReplay,
    WebhookRotate,
    WebhookTest,
)

app_name = "api"

urlpatterns = [
    path("", Index.as_view(), name="root"),
    path("files/", FileList.as_view(), name="files"),
    path("files/<uuid:pk>/", FileDetail.as_view(), name="file"),
    path("files/days/", FileDays.as_view(), name="file-days"),
    path("files/batch/", FileBatches.as_view(), name="file-batches"),
    path("files/batch/<uuid:pk>/", FileBatchDetail.as_view(), name="file-batch"),
    path("files/<uuid:pk>/deliveries/", FileDeliveryList.as_view(), name="file-deliveries"),
    path("files/<uuid:pk>/neighbours/", FileNeighbours.as_view(), name="file-neighbours"),
    path("files/<uuid:pk>/jobs/", FileJobs.as_view(), name="file-jobs"),
    path("jobs/", JobList.as_view(), name="jobs"),
    path("jobs/summary/", JobSummary.as_view(), name="jobs-summary"),
    path("jobs/count/", JobCount.as_view(), name="jobs-count"),
    path("jobs/retry/", JobsRetry.as_view(), name="jobs-retry"),
    path("jobs/cancel/", JobsCancel.as_view(), name="jobs-cancel"),
    path("jobs/claim/", JobsClaim.as_view(), name="jobs-claim"),
    path("jobs/<uuid:pk>/renew/", JobRenew.as_view(), name="job-renew"),
    path("jobs/<uuid:pk>/progress/", JobProgress.as_view(), name="job-progress"),
    path("jobs/<uuid:pk>/finish/", JobFinish.as_view(), name="job-finish"),
    path("jobs/<uuid:pk>/fail/", JobFail.as_view(), name="job-fail"),
    path("jobs/<uuid:pk>/", JobDetail.as_view(), name="job"),
    path("jobs/<uuid:pk>/retry/", JobRetry.as_view(), name="job-retry"),
    path("jobs/<uuid:pk>/cancel/", JobCancel.as_view(), name="job-cancel"),
    path("events/", EventList.as_view(), name="events"),
    path("queues/", QueueList.as_view(), name="queues"),
    path("queues/<str:name>/pause/", QueuePause.as_view(), name="queue-pause"),
    path("queues/<str:name>/resume/", QueueResume.as_view(), name="queue-resume"),
    path("system/", System.as_view(), name="system"),
    path("system/metrics/", SystemMetrics.as_view(), name="system-metrics"),
    path("system/storage/", SystemStorage.as_view(), name="system-storage"),
    path("system/checks/", SystemChecks.as_view(), name="system-checks"),
    path("system/settings/", SystemSettings.as_view(), name="system-settings"),
    path("pipelines/", PipelineList.as_view(), name="pipelines"),
    path("imports/", ImportList.as_view(), name="imports"),
    path("imports/<uuid:pk>/", ImportDetail.as_view(), name="import"),
    path("imports/<uuid:pk>/retry/", ImportRetry.as_view(), name="import-retry"),
    path("me/", Me.as_view(), name="me"),
    path("keys/", KeyList.as_view(), name="keys"),
    path("keys/<slug:pk>/", KeyDetail.as_view(), name="key"),
    path("keys/<slug:pk>/rotate/", KeyRotate.as_view(), name="key-rotate"),
    path("keys/<slug:pk>/signing-secret/", KeySigningSecret.as_view(), name="key-signing-secret"),
    path("tokens/", TokenList.as_view(), name="tokens"),
    path("files/<uuid:pk>/links/", FileLinks.as_view(), name="file-links"),
    path("link-keys/rotate/", LinkKeysRotate.as_view(), name="link-keys-rotate"),
    path("link-keys/revoke/", LinkKeysRevoke.as_view(), name="link-keys-revoke"),
    path("people/", PersonList.as_view(), name="people"),
    path("people/<int:pk>/", PersonDetail.as_view(), name="person"),
    path("people/<int:pk>/password/", PersonPassword.as_view(), name="person-password"),
    path("people/<int:pk>/invitation/", PersonInvitation.as_view(), name="person-invitation"),
    path("people/<int:pk>/sign-out/", PersonSignOut.as_view(), name="person-sign-out"),
    path("projects/", ProjectList.as_view(), name="projects"),
    path("projects/<slug:name>/", ProjectDetail.as_view(), name="project"),
    path("projects/<slug:name>/webhook-secret/", ProjectWebhookSecret.as_view(), name="project-webhook-secret"),
    path("files/<uuid:pk>/restore/", FileRestore.as_view(), name="file-restore"),
    path("trash/", TrashList.as_view(), name="trash"),
    path("usage/", UsageView.as_view(), name="usage"),
    path("audit/", AuditList.as_view(), name="audit"),
    path("webhooks/", WebhookList.as_view(), name="webhooks"),
    path("webhooks/<uuid:pk>/", WebhookDetail.as_view(), name="webhook"),
    path("webhooks/<uuid:pk>/rotate/", WebhookRotate.as_view(), name="webhook-rotate"),
    path("webhooks/<uuid:pk>/test/", WebhookTest.as_view(), name="webhook-test"),
    path("webhooks/<uuid:pk>/replay/", WebhookReplay.as_view(), name="webhook-replay"),
    path("webhooks/<uuid:pk>/deliveries/", DeliveryList.as_view(), name="webhook-deliveries"),
    path("webhooks/<uuid:pk>/deliveries/<uuid:delivery>/", DeliveryDetail.as_view(), name="webhook-delivery"),
    path("error-codes/", ErrorCodes.as_view(), name="error-codes"),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="docs"),
]
