import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveSocket } from "./serve-socket.ts";

let folder: string;
let socketPath: string;
const app = new Hono();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hale-http-"));
  socketPath = join(folder, "run", "haled.sock");
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the socket", () => {
  it("is for its owner and group, and goes when the server closes", async () => {
    const server = await serveSocket(app, socketPath);
    expect((await stat(socketPath)).mode & 0o777).toBe(0o660);
    await server.close();
    await server.close();
    await expect(stat(socketPath)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("of a dead daemon is replaced", async () => {
    await using first = await serveSocket(app, join(folder, "other.sock"));
    expect(first.socketPath).toContain("other.sock");
    // A socket file that nobody listens on: bound, then moved away from under its server.
    const { rename, mkdir } = await import("node:fs/promises");
    const left = createServer().listen(join(folder, "left.sock"));
    await new Promise((resolve) => left.on("listening", resolve));
    await mkdir(join(folder, "run"));
    await rename(join(folder, "left.sock"), socketPath);
    await new Promise((resolve) => left.close(resolve));
    expect((await stat(socketPath)).isSocket()).toBe(true);
    await using server = await serveSocket(app, socketPath);
    expect((await stat(server.socketPath)).isSocket()).toBe(true);
  });

  it("of a live daemon is left alone", async () => {
    await using server = await serveSocket(app, socketPath);
    await expect(serveSocket(app, socketPath)).rejects.toMatchObject({
      code: "STATE_UNUSABLE",
      message: expect.stringContaining("a daemon already runs and answers there") as string,
    });
    expect((await stat(server.socketPath)).isSocket()).toBe(true);
  });
});

describe("a place that cannot be used", () => {
  it("is told with what to do", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(serveSocket(app, join(folder, "file"))).rejects.toThrow(
      "something that is not a socket is there; remove it",
    );
    await expect(serveSocket(app, join(folder, "file", "haled.sock"))).rejects.toThrow(
      "something that is not a folder is where its folder should be",
    );
    await expect(serveSocket(app, join(folder, "x".repeat(120)))).rejects.toThrow(
      "longer than 107 bytes; choose a shorter HALE_RUN",
    );
  });
});
