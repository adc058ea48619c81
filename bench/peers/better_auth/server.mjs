// Two processes with the two routes that are compared, on PORT.
import cluster from "node:cluster";
import { createServer } from "node:http";

const workers = 2;
const ok = JSON.stringify({ ok: true });

function answer(response, status, body) {
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length }).end(body);
}

async function serve() {
  const { auth } = await import("./auth.mjs");

  async function isValid(key) {
    return typeof key === "string" && (await auth.api.verifyApiKey({ body: { key } })).valid;
  }

  createServer(async (request, response) => {
    if (request.url === "/bare") answer(response, 200, ok);
    else if (request.url !== "/key") answer(response, 404, "{}");
    else if (await isValid(request.headers["x-api-key"])) answer(response, 200, ok);
    else answer(response, 401, "{}");
  }).listen(process.env.PORT, "127.0.0.1");
}

if (cluster.isPrimary) for (let n = 0; n < workers; n++) cluster.fork();
else await serve();
