import { createServer } from "node:net";

/** A TCP port that nobody has on 127.0.0.1 just now; UDP is taken to be as free. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise<void>((done) => server.close(() => done()));
  if (address === null || typeof address === "string") throw new TypeError("Cannot find a free port: no address");
  return address.port;
}
