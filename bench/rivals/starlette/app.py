"""A page of files as somebody would write it by hand: Starlette, asyncpg, and the tables of the service under test.

It answers the same JSON: the same rows and fields, the count, and signed addresses. It checks no key, knows no filters
and no other orders.
"""

import base64
import hmac
import json
import os
import time
from contextlib import asynccontextmanager
from urllib.parse import quote

import asyncpg
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

BASE = os.environ["BASE"]
PROJECT = 1
LINK_KEY, LINK_SECRET = os.environ["LINK_KEY"], bytes.fromhex(os.environ["LINK_SECRET"])
LINK_SECONDS = 86_400

ROWS = """
    SELECT id, key, name, size, media_type, declared_type, sha256, uploaded_at, state, visibility, owner, expires_at,
        scan, quarantined, tags, attributes
    FROM picasso_file WHERE project_id = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT $2 OFFSET $3
"""
COUNT = "SELECT sum(files) FROM picasso_projectusage WHERE project_id = $1"


@asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=4, init=with_json) as pool:
        app.state.pool = pool
        yield


async def with_json(connection):
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


async def files(request):
    page, size = (int(request.query_params.get(name, default)) for name, default in (("page", 1), ("page_size", 10)))
    async with request.app.state.pool.acquire() as connection:
        count = int(await connection.fetchval(COUNT, PROJECT) or 0)
        rows = await connection.fetch(ROWS, PROJECT, size, (page - 1) * size)
    expires = int(time.time() // (LINK_SECONDS // 8)) * (LINK_SECONDS // 8) + LINK_SECONDS
    after = page + 1 if page * size < count else None
    before = page - 1 if page > 1 else None
    results = [as_json(row, expires) for row in rows]
    return JSONResponse({"count": count, "next": after, "previous": before, "results": results})


def as_json(row, expires):
    found = dict(row)
    path = f"/files/{row['id']}/{found.pop('key').rpartition('/')[2]}"
    return {
        **found,
        "id": str(row["id"]),
        "file": f"{BASE}{quote(path)}?expires={expires}&signature={LINK_KEY}-{signature(path, expires)}",
        "uploaded_at": moment(row["uploaded_at"]),
        "processed": row["state"] == "processed",
        "expires_at": row["expires_at"] and moment(row["expires_at"]),
    }


def signature(path, expires):
    digest = hmac.digest(LINK_SECRET, f"{expires}\n{path}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:18]).decode()


def moment(at):
    return at.isoformat().replace("+00:00", "Z")


app = Starlette(routes=[Route("/api/v1.0/files/", files)], lifespan=lifespan)
