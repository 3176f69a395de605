// The tus rival: @tus/server with its file store, one process. Neither hash, type, row nor fsync: a 204 means that the
// bytes were written.

import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const { PORT, UPLOADS } = process.env;

const server = new Server({ path: "/uploads", datastore: new FileStore({ directory: UPLOADS }) });
const listening = server.listen({ host: "127.0.0.1", port: Number(PORT) });
process.once("SIGTERM", () => listening.close(() => process.exit(0)));
