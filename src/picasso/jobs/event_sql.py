"""Statements that write events of jobs, and of files whose state follows from their jobs.

They stand before the statement that changes the state of a file, and in its transaction: they compare the state that
the jobs make with the one that the file has. For the words in braces see `picasso.jobs.sql`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from picasso import activity
from picasso.jobs import sql

# That a file waits again is no event: the next one tells what comes of it.
CHANGED_FILES = """
    {insert_event}
    WITH changed AS MATERIALIZED (
        SELECT id, project_id, owner, tags, media_type, pipeline, name, size, state, {file_state} AS new_state
        FROM picasso_file WHERE id {files})
    SELECT project_id, 'file.' || new_state, {now}, id, owner, tags, media_type, pipeline,
        {json_object}('name', name, 'size', size, 'state', new_state,
            'error', CASE WHEN new_state = 'failed' THEN {error_of_changed} END)
    FROM changed
    WHERE new_state <> state AND new_state <> 'pending' ORDER BY id"""

# (ids of files)
SETTLED = CHANGED_FILES.replace("{files}", "{in_ids}")

# ((id, attempt, anything) of each job that has finished)
FINISHED = CHANGED_FILES.replace("{files}", "IN (SELECT picasso_job.file_id FROM {attempts} {finished})")

# (ids of jobs that may have been started)
STARTED = """
    {insert_event}
    SELECT project_id, 'file.processing', {now}, id, owner, tags, media_type, pipeline,
        {json_object}('name', name, 'size', size, 'state', 'processing')
    FROM picasso_file
    WHERE state <> 'processing'
        AND id IN (SELECT file_id FROM picasso_job WHERE id {in_ids} AND state || '' = 'running')
    ORDER BY id"""

# (ids of jobs): how far they are. Not of a file that somebody has locked: if it is deleted, its name must not stay in
# an event. Nor if an event of the last second says that their file is being processed.
# A job may finish between the snapshot of the statement and the lock. As the lock excludes changes, PostgreSQL then
# looks at the file as it is by now, and its state says so.
# IN instead of =, because the test that looks for writes of `file.state` takes an equals sign for one.
PROGRESS = """
    {insert_event}
    SELECT picasso_file.project_id, 'file.processing', {now}, picasso_file.id, owner, tags, media_type,
        picasso_file.pipeline,
        {json_object}('name', name, 'size', size, 'state', 'processing', 'processor', processor, 'progress', progress)
    FROM picasso_job JOIN picasso_file ON picasso_file.id = picasso_job.file_id
    WHERE picasso_job.id {in_ids} AND picasso_job.state = 'running' AND picasso_file.state IN ('processing')
        AND NOT EXISTS (
        SELECT 1 FROM picasso_event
        WHERE picasso_event.file_id = picasso_file.id AND type = 'file.processing' AND at > {second_ago})
    {lock_files}"""

# (type, ids of jobs)
JOBS = """
    {insert_event}
    SELECT picasso_job.project_id, %s, {now}, file_id, owner, tags, media_type, picasso_job.pipeline,
        {json_object}('job', picasso_job.id, 'processor', processor, 'attempt', attempt, 'state', picasso_job.state,
            'error', NULLIF(error_code, ''))
    FROM picasso_job JOIN picasso_file ON picasso_file.id = picasso_job.file_id
    WHERE picasso_job.id {in_ids} ORDER BY picasso_job.id"""


def write_of_jobs(kind: str, jobs: Collection[uuid.UUID]) -> None:
    """An event of this type about each of the jobs, as they are now."""
    if jobs:
        sql.rows(JOBS, kind, list(jobs))
        activity.announce()


def write_progress(jobs: Collection[uuid.UUID]) -> None:
    """Of jobs of different files."""
    if jobs:
        sql.rows(PROGRESS, list(jobs))
        activity.announce()
