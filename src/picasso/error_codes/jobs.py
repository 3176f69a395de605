"""The codes of jobs, and of files whose job failed."""

from __future__ import annotations

from picasso.error_codes.code import JobCode

UPLOAD_AGAIN = "Open the file in the program that made it. If it is damaged there too, export it and upload it again."

LIMITED = "Processing untrusted files is limited on purpose. The original is stored and can be downloaded."

JOB_CODES = (
    JobCode(
        "infected",
        "The virus scanner found malware in the file. `facts.scan` names it.",
        "Remove the malware. Operators can release a file that is no malware after all: see the page on scanning.",
        permanent=True,
    ),
    JobCode(
        "not-scanned",
        "The virus scanner could not see all of the file (`facts.scan.reason` says why), or its job was cancelled.",
        "Upload a smaller copy, or one without a password. Operators choose what becomes of such files.",
    ),
    JobCode(
        "scan-failed",
        "The virus scanner had no answer for the file.",
        "See the log of clamd. Retry the job when it works.",
        retried=True,
    ),
    JobCode(
        "service-away",
        "The service that the job needs can't be reached, such as the virus scanner.",
        "Start it, and compare its address with the settings (`PICASSO_CLAMD`). The job waits until then.",
        retried=True,
    ),
    JobCode(
        "corrupt",
        "The file is damaged or incomplete, or is not what its first bytes say.",
        UPLOAD_AGAIN,
        permanent=True,
    ),
    JobCode(
        "protected",
        "The file is encrypted: it needs a password, or has DRM.",
        "Upload a copy without a password.",
        permanent=True,
    ),
    JobCode(
        "unsupported-format",
        "The processor cannot read this variant of the format.",
        "Convert the file to a format listed in the documentation's page on formats, and upload it again.",
        permanent=True,
    ),
    JobCode(
        "forbidden-content",
        "The processor found content that the [policy](policy.md) refuses: active content, an archive bomb or a "
        "password. The file is kept, but nobody can fetch it.",
        "Delete the file and upload one without that content. If the policy was changed, retry the job.",
        permanent=True,
    ),
    JobCode("too-complex", "The picture has more elements or parts than may be processed.", LIMITED, permanent=True),
    JobCode("too-large", "The file, or its index, is larger than may be processed.", LIMITED, permanent=True),
    JobCode(
        "too-long",
        "The recording is longer than the pipeline's option `max_seconds`.",
        "Raise the option, or upload a shorter recording.",
        permanent=True,
    ),
    JobCode("too-long-rows", "A row of the table is longer than may be processed.", LIMITED, permanent=True),
    JobCode("too-many-cells", "The spreadsheet has more cells than may be processed.", LIMITED, permanent=True),
    JobCode("too-many-columns", "The table has more columns than may be processed.", LIMITED, permanent=True),
    JobCode(
        "too-many-entries", "The archive or document has more entries than may be processed.", LIMITED, permanent=True
    ),
    JobCode("too-many-frames", "The picture has more frames than may be processed.", LIMITED, permanent=True),
    JobCode("too-many-pages", "The picture has more pages than may be processed.", LIMITED, permanent=True),
    JobCode(
        "too-many-pixels",
        "The picture or video has more pixels than `PICASSO_MAX_IMAGE_PIXELS` or than its format may have.",
        "Upload a smaller version. Operators can raise the setting, and the memory limit with it.",
        permanent=True,
    ),
    JobCode("too-many-streams", "The recording has more streams than may be processed.", LIMITED, permanent=True),
    JobCode("too-much-memory", "Unpacking the archive needs more memory than is allowed.", LIMITED, permanent=True),
    JobCode(
        "too-large-output",
        "The processor would write more than `PICASSO_JOB_OUTPUT_LIMIT`.",
        "Raise the setting if such files are expected.",
        permanent=True,
    ),
    JobCode(
        "time-limit",
        "Processing took longer than `PICASSO_JOB_TIME_LIMIT` (or `PICASSO_HEAVY_JOB_TIME_LIMIT`).",
        "Raise the setting if such files are expected, then retry the job.",
        retried=True,
    ),
    JobCode(
        "out-of-memory",
        "Processing needed more than `PICASSO_JOB_MEMORY_LIMIT`, or the machine had no memory left.",
        "Raise the setting or run fewer jobs at a time, then retry the job.",
        retried=True,
    ),
    JobCode(
        "crashed",
        "The process that decoded the file crashed.",
        "Retry the job. If it crashes again, the file is damaged or the decoder has a bug: see the job's `log`.",
        retried=True,
    ),
    JobCode(
        "poison",
        "Processing the file crashed so often that the service no longer tries it.",
        "See the job's `log`. Retry the job after the processor was updated.",
    ),
    JobCode(
        "worker-died",
        "The worker stopped while it processed the file, for example because its machine lost power.",
        "The service tries again by itself. If it happens often, check the worker's memory and its log.",
        retried=True,
    ),
    JobCode(
        "processor-error",
        "The processor raised an unexpected error or returned an invalid result.",
        "See the job's `log` and the worker's log, report the bug, and retry the job after an update.",
        retried=True,
    ),
    JobCode(
        "storage",
        "The original could not be read, or the results could not be written.",
        "Check the disk: free space, permissions, errors in the log. Then retry the job.",
        retried=True,
    ),
    JobCode("cancelled", "Somebody cancelled the job.", "Retry the job if the results are needed."),
)
