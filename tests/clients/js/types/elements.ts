// The declarations of the elements promise what the code does, and how an application uses them.

import type * as declared from "../../../../src/picasso/static/picasso/client/elements/index.js";
import { PicassoFile } from "../../../../src/picasso/static/picasso/client/elements/file.js";
import { PicassoUploader } from "../../../../src/picasso/static/picasso/client/elements/uploader.js";
import { addLanguage } from "../../../../src/picasso/static/picasso/client/elements/words.js";

export const conforms: Pick<typeof declared, "PicassoFile" | "PicassoUploader" | "addLanguage"> = { PicassoFile, PicassoUploader, addLanguage };

addLanguage("de", { choose: "Datei auswählen", added: { one: "{n} Datei", other: "{n} Dateien" } });

export function use(): string[] {
    const uploader = document.createElement("picasso-uploader");
    uploader.getToken = async () => "token";
    uploader.maxSize = "20 MB";
    uploader.fileAttributes = { order: 17 };
    uploader.strings = { choose: "Choose a photo" };
    uploader.addEventListener("picasso-uploaded", ({ detail }) => console.log(detail.info.id, detail.file?.name));
    uploader.addEventListener("picasso-failed", ({ detail }) => console.log(detail.stage, detail.reason, detail.error?.code));
    document.createElement("picasso-file").file = "019a";
    return [uploader.value].flat();
}

// @ts-expect-error: a token is a text
document.createElement("picasso-uploader").token = 17;
// @ts-expect-error: no such event
document.createElement("picasso-uploader").addEventListener("picasso-uploaded", ({ detail }) => detail.colour);
