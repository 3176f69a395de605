// @tus/server, to compare with: `node server.mjs PORT FOLDER MAX_SIZE`.

import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [port, directory, maxSize] = process.argv.slice(2);
const datastore = new FileStore({ directory, expirationPeriodInMilliseconds: 24 * 3600 * 1000 });
const server = new Server({ path: "/api/v1.0/uploads", datastore, maxSize: Number(maxSize) });
server.listen({ host: "127.0.0.1", port: Number(port) });
