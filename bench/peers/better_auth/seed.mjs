// Makes the database, a user with COUNT keys and a file with the header line of each: seed.mjs COUNT.
import { getMigrations } from "better-auth/db/migration";
import { writeFileSync } from "node:fs";
import { auth } from "./auth.mjs";

await (await getMigrations(auth.options)).runMigrations();
const { internalAdapter } = await auth.$context;
const user = await internalAdapter.createUser({ name: "user", email: "user@example.org" });
const lines = [];
for (let n = 0; n < Number(process.argv[2]); n++) {
  const { key } = await auth.api.createApiKey({ body: { userId: user.id } });
  lines.push(`x-api-key: ${key}\n`);
}
writeFileSync(`${process.env.PEER_DATA}/headers.txt`, lines.join(""));
