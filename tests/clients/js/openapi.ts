// An application with the types of openapi-typescript and the client of openapi-fetch. It prints what it got as JSON.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

declare const process: { argv: string[] };

type FileDetail = components["schemas"]["FileDetail"];

// Filters by attributes are parameters of their own: attributes.order=17.
const querySerializer = { object: { style: "form" as const, explode: true } };
const api = createClient<paths>({ baseUrl: process.argv[2], querySerializer });

function required<T>(answer: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (answer.data === undefined) throw new Error(answer.error ? `${answer.error.code}: ${answer.error.detail}` : "empty");
  return answer.data;
}

const upload = required(
  await api.POST("/api/v1.0/upload/{name}", {
    params: {
      path: { name: "generated.txt" },
      query: { tags: ["typescript"], attributes: JSON.stringify({ order: 16 }) },
      header: { Prefer: "wait=30", "Idempotency-Key": "typescript" },
    },
    body: "content\n",
    bodySerializer: (body) => body,
    headers: { "Content-Type": "application/octet-stream" },
  }),
);
if (!("facts" in upload)) throw new Error("the upload was not waited for");
const file: FileDetail = upload;

const params = { path: { id: file.id } };
const changes = { tags: ["typescript", "blue"], attributes: { order: 17 } };
const changed = required(await api.PATCH("/api/v1.0/files/{id}/", { params, body: changes }));
const found = required(
  await api.GET("/api/v1.0/files/", { params: { query: { tag: ["blue"], attributes: { "attributes.order": "17" } } } }),
);
const events = required(await api.GET("/api/v1.0/events/", { params: { query: { file: file.id } } }));
if (typeof events === "string") throw new Error("a stream was not asked for");
const webhook = required(
  await api.POST("/api/v1.0/webhooks/", { body: { url: "https://hooks.example.com/", types: ["file.processed"] } }),
);
const hook = { params: { path: { id: webhook.id } } };
const webhooks = required(await api.GET("/api/v1.0/webhooks/", {}));
const removed = await api.DELETE("/api/v1.0/webhooks/{id}/", hook);
const deleted = await api.DELETE("/api/v1.0/files/{id}/", { params });
const missing = await api.GET("/api/v1.0/files/{id}/", { params });

console.log(
  JSON.stringify({
    state: file.state,
    tags: changed.tags,
    found: found.results.map((each) => each.id),
    id: file.id,
    events: events.results.map((each) => each.type),
    secret: webhook.secret.slice(0, 6),
    webhooks: webhooks.results.map((each) => each.url),
    statuses: [removed.response.status, deleted.response.status, missing.response.status],
    code: missing.error?.code,
  }),
);
