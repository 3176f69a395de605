// Picasso's own client in Node. The only argument is JSON: `do` names one of the functions below, the rest is for it.
// Prints a line of JSON for each thing that happens, and a last one with the result.

import fs from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Picasso, PicassoError } from "../../../src/picasso/static/picasso/client/index.js";

const task = JSON.parse(process.argv[2]);
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const requests = [];
async function recorded(url, init) {
    const response = await fetch(url, init);
    requests.push([init.method, response.status, Number(response.headers.get("Upload-Offset") ?? NaN)]);
    return response;
}
const client = (more) => new Picasso({ url: task.url, retryDelay: 50, fetch: recorded, ...more });
const isStream = { smallSize: 1000, chunkSize: 100_000 };

async function* pieces(bytes, pause = 0) {
    for (let start = 0; start < bytes.length; start += 30_001) {
        if (pause) await sleep(pause);
        yield bytes.subarray(start, start + 30_001);
    }
}

// Reads slowly enough for something to happen in the meantime.
class SlowBlob extends Blob {
    slice(start, end) {
        const slice = super.slice(start, end);
        slice.stream = () => ReadableStream.from((async function* () { yield* pieces(new Uint8Array(await slice.arrayBuffer()), 12); })());
        return slice;
    }
}

// To the service, by connections that are cut when so many bytes have come by one of them.
async function proxy(...cuts) {
    const { hostname, port } = new URL(task.url);
    const server = net.createServer((near) => {
        const far = net.connect(Number(port), hostname);
        let passed = 0;
        near.on("data", (bytes) => {
            far.write(bytes);
            passed += bytes.length;
            if (passed >= cuts[0] && cuts.shift()) near.resetAndDestroy();
        });
        far.pipe(near);
        for (const [one, other] of [[near, far], [far, near]]) {
            one.on("error", () => {}).on("close", () => other.end());
        }
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const there = `http://127.0.0.1:${server.address().port}`;
    return { fetch: (url, init) => recorded(url.replace(task.url, there), init) };
}

const failure = (call) => call.then(
    () => ({}),
    (error) => ({ name: error.name, status: error.status, code: error.code, errors: error.errors, own: error instanceof PicassoError }),
);

const tasks = {
    async everything() {
        const picasso = client();
        const events = picasso.events({ types: ["file.*"], tag: task.tag });
        await events.opened;
        const bytes = fs.readFileSync(task.file);
        const progress = [];
        const options = { tags: [task.tag, "Ä, b"], attributes: { "π": [1, null] }, visibility: "public" };
        const small = await picasso.upload(bytes.subarray(0, 1000), {
            ...options, name: "é😀\".txt", type: "text/plain", wait: true, onProgress: ({ sent, total }) => progress.push([sent, total]),
        });
        const large = await picasso.upload(task.file, { ...options, smallSize: 1000 });
        const stream = await picasso.upload(pieces(bytes), { ...options, ...isStream, name: "stream" });
        const listed = [];
        for await (const file of picasso.files({ tag: task.tag, attributes: {}, page_size: 2 })) listed.push(file.id);
        const changed = await picasso.update(small.id, { tags: [task.tag], attributes: { "π": null } });
        const again = await picasso.update(small.id, ({ tags }) => ({ tags: [...tags, "more"] }));
        const refused = await failure(picasso.update(small.id, { size: 1 }));
        const empty = await failure(picasso.upload(new Blob([]), { name: "empty" }));
        const emptyPath = await failure(picasso.upload("/dev/null", { name: "empty" }));
        const elsewhere = await failure(new Picasso({ url: `${task.url}/nowhere` }).file(small.id));
        const seen = [];
        for await (const { seq, type, data } of events) {
            seen.push([seq, type, data.id]);
            if (type === "file.updated" && data.changed.includes("tags") && !data.changed.includes("attributes")) {
                await picasso.delete(small.id, { permanently: true }); // after that its events have no tags
            }
            if (type === "file.deleted") break;
        }
        const gone = await failure(picasso.file(small.id));
        return { small, large, stream, listed, changed, again, refused, empty, emptyPath, elsewhere, gone, seen, progress };
    },

    // Cut twice: the bytes that had come are not sent again.
    async cut() {
        const retries = [];
        const file = await client(await proxy(...task.cuts)).upload(task.file, { ...(task.stream && isStream), onRetry: ({ error }) => retries.push(error.code) });
        return { file, requests, retries };
    },

    // Slowly, so that somebody can kill the service meanwhile.
    async slow() {
        const blob = new SlowBlob([fs.readFileSync(task.file)]);
        const file = await client().upload(blob, { signal: AbortSignal.timeout(60_000), onProgress: ({ sent }) => say({ sent }) });
        return { file, requests };
    },

    // A process that ends in the middle, and a second one.
    async stored() {
        const known = new Map(fs.existsSync(task.store) ? JSON.parse(fs.readFileSync(task.store)) : []);
        const store = {
            get: async (key) => known.get(key),
            set: async (key, value) => fs.writeFileSync(task.store, JSON.stringify([...known.set(key, value)])),
            delete: async (key) => fs.writeFileSync(task.store, JSON.stringify([...(known.delete(key), known)])),
            keys: async () => known.keys(),
        };
        const picasso = client({ ...(task.stopAt && await proxy(task.stopAt)), store, retries: 0 });
        const result = await picasso.upload(task.file).then((file) => ({ file }), ({ uploadUrl }) => ({ uploadUrl }));
        const unfinished = await picasso.unfinished();
        return { ...result, unfinished: unfinished.map(({ name, size }) => [name, size]), requests };
    },

    // Aborted in the middle: nothing is left that keeps Node running.
    async aborted() {
        const pause = new AbortController();
        const onProgress = ({ sent }) => sent >= task.stopAt && pause.abort();
        return failure(new Picasso({ url: task.url }).upload(task.file, { signal: pause.signal, onProgress }));
    },

    // Attributes that are too long for the head of a request through a proxy.
    async described() {
        const options = { name: "ä.txt", type: "text/x-odd", tags: ["b, c"], attributes: { text: "я".repeat(7500) } };
        const bytes = fs.readFileSync(task.file), retries = [];
        const small = await client().upload(bytes.subarray(0, 1000), { ...options, onProgress: ({ sent }) => retries.push(sent) });
        return { small, large: await client().upload(task.file, options), most: Math.max(...retries) };
    },

    // What may pass, of an answer of the service and of another one.
    async temporary() {
        const statuses = Array.from({ length: 200 }, (_, n) => n + 400), codes = ["x", ...task.codes];
        const may = (fields) => new PicassoError({ detail: "", ...fields }).isTemporary;
        return {
            own: codes.map((code) => statuses.filter((status) => may({ status, code, isFromPicasso: true }))),
            others: statuses.filter((status) => may({ status, code: "not-picasso" })),
        };
    },

    // A delete of what is not there, after other answers; and types that would end the head of a part.
    async refused() {
        const answer = (status) => new Response('{"code": "x", "detail": "x"}', { status, headers: { "Content-Type": "application/problem+json" } });
        const fault = (code) => Object.assign(new TypeError("fetch failed"), { cause: { code } });
        const after = (...before) => {
            const answers = [...before, 404];
            const fetch = async () => { const next = answers.shift(); if (typeof next === "string") throw fault(next); return answer(next); };
            return failure(client({ fetch, retryDelay: 1 }).delete("x"));
        };
        const deleted = await Promise.all(task.before.map((before) => after(...before)));
        const types = await Promise.all(["a/b\r\nX-Evil: 1", "a/b\0"].map((type) => failure(client().upload(new Blob(["x"]), { type, attributes: { text: "a".repeat(7000) } }))));
        return { deleted: deleted.map(({ status }) => status ?? 0), types: types.map(({ name }) => name) };
    },

    // Paused by a signal, then continued by its address, with a token that has expired by now.
    async paused() {
        let asked = 0;
        const picasso = client({ getToken: async () => task.tokens[asked++] });
        const pause = new AbortController();
        let uploadUrl;
        const stopped = await failure(picasso.upload(pieces(fs.readFileSync(task.file)), {
            ...isStream, name: "file", signal: pause.signal, onUploadUrl: (url) => { uploadUrl = url; },
            onProgress: ({ sent }) => sent >= task.stopAt && pause.abort(),
        }));
        const { offset } = await picasso.uploadStatus(uploadUrl);
        const headers = { Authorization: `Bearer ${task.tokens[0]}` };
        for (let status = 200; status !== 401; await sleep(100)) ({ status } = await fetch(`${task.url}/api/v1.0/me/`, { headers }));
        const file = await picasso.resume(uploadUrl, task.file);
        const other = await picasso.upload(pieces(Buffer.alloc(200_000)), { ...isStream, name: "other", signal: AbortSignal.timeout(60_000),
            onUploadUrl: (url) => { uploadUrl = url; }, onProgress: ({ sent }) => { if (sent >= 100_000) throw new Error("stopped"); } }).catch(String);
        await picasso.cancel(uploadUrl);
        const cancelled = await failure(picasso.uploadStatus(uploadUrl));
        return { stopped, offset, file, asked, other, cancelled };
    },
};

say(await tasks[task.do]().catch((error) => ({ error: String(error?.stack ?? error), requests })));
if (task.do !== "aborted") process.exit();
