// One upload with tus-js-client. The only argument is JSON:
//   file, endpoint                   what goes where
//   options                          those of tus.Upload, as they are
//   store                            where addresses of unfinished uploads are kept: finds and resumes a previous one
//   pause                            milliseconds to wait before each piece of a body
//   input                            how the client gets the file: as a path, as bytes, or as a stream of unknown length
//   terminateAt                      how many bytes to send before the upload is ended for good
// Prints a line of JSON whenever the server has accepted or the client has sent something, or has found where to go on, and
// a last one with the result.

import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Readable } from "node:stream";
import * as tus from "tus-js-client";

const PIECE = 64 * 1024;
const { file, endpoint, options, store, pause, input = "path", terminateAt } = JSON.parse(process.argv[2]);

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

async function* trickle(bytes) {
    for (let start = 0; start < bytes.length; start += PIECE) {
        await sleep(pause);
        yield bytes.subarray(start, start + PIECE);
    }
}

// Reads slowly enough for something to happen in the meantime. A part of a parallel upload is read from a slice.
class SlowReader {
    async openFile(input) {
        const all = input.bytes ?? fs.readFileSync(file);
        const slice = async (start, end) => {
            const bytes = all.subarray(start, end);
            const value = Object.assign(Readable.from(trickle(bytes)), { bytes, size: bytes.length });
            return { value, done: end >= all.length };
        };
        return { size: all.length, slice, close() {} };
    }
}

const requests = [];
const result = (upload) => ({ url: upload.url, requests });
const inputs = {
    path: () => fs.createReadStream(file), // the client reads its path, and knows its size
    bytes: () => fs.readFileSync(file),
    stream: () => Readable.from(fs.createReadStream(file), { objectMode: false }),
};
const upload = new tus.Upload(inputs[input](), {
    endpoint,
    retryDelays: Array(60).fill(250),
    ...(store && { urlStorage: new tus.FileUrlStorage(store) }),
    ...(pause && { fileReader: new SlowReader() }),
    ...options,
    onAfterResponse(request, response) {
        const offset = response.getHeader("Upload-Offset");
        requests.push([request.getMethod(), response.getStatus(), offset === undefined ? null : Number(offset)]);
        if (request.getMethod() === "HEAD" && response.getStatus() < 300) say({ found: Number(offset) });
    },
    onProgress(sent) {
        say({ sent });
        if (terminateAt && sent >= terminateAt && !upload.terminating) {
            upload.terminating = upload.abort(true).then(
                () => say({ ...result(upload), terminated: true }),
                (error) => say({ error: String(error), requests }),
            );
        }
    },
    onChunkComplete: (_, accepted) => say({ accepted }),
    onSuccess: ({ lastResponse }) => say({ ...result(upload), file: lastResponse.getHeader("Content-Location") }),
    onError: (error) => say({ error: String(error), requests }),
});

const [previous] = store ? await upload.findPreviousUploads() : [];
if (previous) upload.resumeFromPreviousUpload(previous);
upload.start();
