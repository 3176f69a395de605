// One upload with tus-js-client. The only argument is JSON:
//   file, endpoint                   what goes where
//   options                          those of tus.Upload, as they are
//   store                            where addresses of unfinished uploads are kept: finds and resumes a previous one
//   pause                            milliseconds to wait before each piece of a body
//   stream                           the file as a stream of unknown length
//   terminateAt                      how many bytes to send before the upload is ended for good
// Prints a line of JSON whenever the server has accepted or the client has sent something, and a last one with the result.

import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Readable } from "node:stream";
import * as tus from "tus-js-client";

const PIECE = 64 * 1024;
const { file, endpoint, options, store, pause, stream, terminateAt } = JSON.parse(process.argv[2]);

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

async function* trickle(bytes) {
    for (let start = 0; start < bytes.length; start += PIECE) {
        await sleep(pause);
        yield bytes.subarray(start, start + PIECE);
    }
}

// Reads slowly enough for something to happen in the meantime.
class SlowReader {
    async openFile() {
        const all = fs.readFileSync(file);
        const slice = async (start, end) => {
            const bytes = all.subarray(start, end);
            const value = Object.assign(Readable.from(trickle(bytes)), { size: bytes.length });
            return { value, done: end >= all.length };
        };
        return { size: all.length, slice, close() {} };
    }
}

const requests = [];
const result = (upload) => ({ url: upload.url, requests });
const input = fs.createReadStream(file);
const upload = new tus.Upload(stream ? Readable.from(input, { objectMode: false }) : input, {
    endpoint,
    retryDelays: Array(60).fill(250),
    ...(store && { urlStorage: new tus.FileUrlStorage(store) }),
    ...(pause && { fileReader: new SlowReader() }),
    ...options,
    onAfterResponse(request, response) {
        const offset = response.getHeader("Upload-Offset");
        requests.push([request.getMethod(), response.getStatus(), offset === undefined ? null : Number(offset)]);
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
