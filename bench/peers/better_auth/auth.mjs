// better-auth with its API key plugin, with keys in SQLite.
import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync(`${process.env.PEER_DATA}/peer.sqlite3`, { timeout: 5000 });
database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");

export const auth = betterAuth({
  database,
  baseURL: "http://127.0.0.1",
  secret: randomBytes(32).toString("hex"), // nothing here is signed
  logger: { disabled: true },
  telemetry: { enabled: false },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
});
