"use strict";
// The Express rival: one process, ordinary best practice. A 201 means that the file is written, the row committed, and
// the message confirmed by the broker as persistent.

const { randomUUID } = require("node:crypto");
const { mkdirSync } = require("node:fs");
const path = require("node:path");

const amqp = require("amqplib");
const express = require("express");
const multer = require("multer");
const { Pool } = require("pg");

const { BROKER_URL, DATABASE_URL, MEDIA_ROOT, PORT } = process.env;
const QUEUE = "express-uploads";
const TABLE = `
  CREATE TABLE IF NOT EXISTS files (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    size bigint NOT NULL,
    uploaded_at timestamptz NOT NULL DEFAULT now(),
    processed boolean NOT NULL DEFAULT false
  )`;
const INSERT = `
  INSERT INTO files (file, name, type, size) VALUES ($1, $2, $3, $4)
  RETURNING id, file, uploaded_at, processed`;

function receiver(folder) {
  mkdirSync(folder, { recursive: true });
  const storage = multer.diskStorage({
    destination: folder,
    filename: (request, file, done) => done(null, randomUUID() + path.extname(file.originalname)),
  });
  return multer({ storage, limits: { fileSize: 20 * 1024 ** 3 } });
}

function publish(channel, message) {
  const body = Buffer.from(JSON.stringify(message));
  const options = { persistent: true, contentType: "application/json" };
  return new Promise((resolve, reject) => {
    channel.publish("", QUEUE, body, options, (error) => (error ? reject(error) : resolve()));
  });
}

function application(pool, channel) {
  const app = express();
  app.disable("x-powered-by");
  app.get("/healthz", (request, response) => response.json({ ok: true }));
  app.post("/upload/", receiver(MEDIA_ROOT).single("file"), async (request, response) => {
    const { filename, originalname, mimetype, size } = request.file;
    const { rows } = await pool.query(INSERT, [filename, originalname, mimetype, size]);
    await publish(channel, { id: rows[0].id });
    response.status(201).json(rows[0]);
  });
  return app;
}

async function main() {
  const pool = new Pool({ connectionString: DATABASE_URL });
  await pool.query(TABLE);
  const connection = await amqp.connect(BROKER_URL);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(QUEUE, { durable: true });
  const server = application(pool, channel).listen(Number(PORT), "127.0.0.1");
  process.once("SIGTERM", () => server.close(() => process.exit(0)));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
