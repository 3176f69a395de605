// How an application uses the client, with what the compiler must refuse.

import { Picasso, PicassoError, type FileInfo, type PicassoEvent } from "../../../../src/picasso/static/picasso/client/index.js";

const picasso = new Picasso({ url: "https://files.example.com", getToken: async () => "token", store: new Map<string, string>() });
export const inPages = new Picasso({ store: localStorage });

export async function send(file: File, signal: AbortSignal): Promise<string> {
    const sent: FileInfo = await picasso.upload(file, {
        tags: ["summer"],
        attributes: { order: 17 },
        visibility: "private",
        expiresAt: new Date(),
        onProgress: ({ sent, total }) => console.log(total === undefined ? sent : sent / total),
        onRetry: ({ error, pause }) => console.log(error.code, pause),
        signal,
        wait: true,
    });
    return sent.error?.code ?? sent.file;
}

export async function all(): Promise<number> {
    let bytes = 0;
    for await (const file of picasso.files({ media_type: ["image/*", "video/mp4"], uploaded_after: new Date(0), attributes: { order: 17 } })) bytes += file.size;
    return bytes;
}

export async function follow(show: (event: PicassoEvent) => void): Promise<void> {
    for await (const event of picasso.events({ types: ["file.*"], after: 12 })) {
        if (event.type === "reset") await all();
        else show(event);
    }
}

export async function change(id: string): Promise<FieldNames> {
    try {
        await picasso.update(id, (file) => ({ tags: [...file.tags, "seen"] }));
        await picasso.delete(id, { permanently: false });
        await picasso.restore(id);
    } catch (error) {
        if (error instanceof PicassoError) return error.errors.map(({ field }) => field);
        throw error;
    }
    return [];
}

type FieldNames = string[];

// @ts-expect-error: no such visibility
picasso.upload("file", { visibility: "secret" });
// @ts-expect-error: a number is nothing to upload
picasso.upload(17);
// @ts-expect-error: no such filter
picasso.files({ colour: "blue" });
// @ts-expect-error: a store needs all of its methods
new Picasso({ store: { get: () => null } });
