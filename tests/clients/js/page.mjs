// The page that Chromium shows, bundled by esbuild. The test calls `perform` with one task and loads the page anew for
// the next: what one task leaves in the local storage is all that the next one has.

import Uppy from "@uppy/core";
import Tus from "@uppy/tus";
import * as tus from "tus-js-client";

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// The same fingerprint after each load, as that of a file that is chosen again.
async function fetched({ name, type, part }) {
    const all = await (await fetch("/content")).blob();
    return new File([part ? all.slice(...part) : all], name, { type, lastModified: 1_700_000_000_000 });
}

function watched(task, requests, files = new Set()) {
    return {
        endpoint: task.endpoint,
        retryDelays: Array(60).fill(250),
        removeFingerprintOnSuccess: true, // files of different tests look alike
        ...task.options,
        ...(task.gated && { onBeforeRequest: () => fetch("/gate") }),
        onAfterResponse(request, response) {
            const offset = response.getHeader("Upload-Offset");
            requests.push([request.getMethod(), response.getStatus(), offset === null ? null : Number(offset)]);
            const file = response.getHeader("Content-Location");
            if (file) files.add(file);
        },
    };
}

async function withTus(task) {
    const file = await fetched(task.files[0]);
    const requests = [];
    return new Promise((done) => {
        const upload = new tus.Upload(file, {
            ...watched(task, requests),
            metadata: { filename: file.name, filetype: file.type },
            onChunkComplete(_, accepted) {
                if (!task.stopAt || accepted < task.stopAt || accepted === file.size) return;
                upload.abort(task.terminate).then(
                    () => done({ requests, url: upload.url, stopped: accepted }),
                    (error) => done({ requests, error: String(error) }),
                );
            },
            onSuccess: ({ lastResponse }) =>
                done({ requests, url: upload.url, files: [lastResponse.getHeader("Content-Location")] }),
            onError: (error) => done({ requests, error: String(error) }),
        });
        upload.findPreviousUploads().then(([previous]) => {
            if (previous) upload.resumeFromPreviousUpload(previous);
            upload.start();
        });
    });
}

async function withUppy(task) {
    const requests = [];
    const files = new Set();
    // By the time that Uppy tells of its success it has forgotten the last answer's headers.
    const uppy = new Uppy({ autoProceed: false }).use(Tus, watched(task, requests, files));
    for (const each of task.files) {
        const data = await fetched(each);
        uppy.addFile({ name: data.name, type: data.type, data });
    }
    let rested = false;
    uppy.on("upload-progress", async (_, { bytesUploaded }) => {
        if (rested || !task.stopAt || bytesUploaded < task.stopAt) return;
        rested = true;
        uppy.pauseAll();
        await sleep(300);
        uppy.resumeAll();
    });
    const { successful, failed } = await uppy.upload();
    const error = failed.length ? failed.map((each) => each.error).join() : undefined;
    return { requests, files: [...files], urls: successful.map((each) => each.uploadURL), error, rested };
}

// Picasso's own client, as the service has it: no bundler has touched it.
async function withPicasso(task) {
    const { Picasso } = await import(task.module);
    const picasso = new Picasso({ url: new URL(task.module).origin, store: localStorage, retryDelay: 50 });
    const events = picasso.events({ types: "file.processed" });
    await events.opened;
    const pause = new AbortController();
    const sent = [];
    const onProgress = (progress) => { sent.push(progress.sent); if (task.stopAt && progress.sent >= task.stopAt) pause.abort(); };
    const upload = picasso.upload(await fetched(task.files[0]), { ...task.options, onProgress, signal: pause.signal });
    const file = await upload.catch((error) => { if (error.name !== "AbortError") throw error; });
    const unfinished = await picasso.unfinished();
    if (file) for await (const { data } of events) if (data.id === file.id) break;
    events.close();
    return { files: file && [file.file], sent, unfinished };
}

const clients = { tus: withTus, uppy: withUppy, picasso: withPicasso };
globalThis.perform = (task) => clients[task.client](task).catch((error) => ({ error: String(error) }));
