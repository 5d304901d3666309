import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { serveSocket, type SocketServer } from "../../../src/adapters/http/serve-socket.ts";
import { createApi } from "../../../src/api/create-api.ts";
import { FakeControl } from "../../../src/api/fake-control.fixture.ts";
import { apiLimits } from "../../../src/api/limits.ts";
import { ManualClock } from "../../../src/api/manual-clock.fixture.ts";
import type { CliContext } from "../../../src/cli/cli-context.ts";
import { fakeContext } from "../../../src/cli/fixtures/fake-context.fixture.ts";
import { runCli } from "../../../src/cli/run-cli.ts";
import { createSocketClient } from "../../../src/client/socket-client.ts";

// The command, the client, a real unix socket and the API together; only the daemon behind the API is made up.

let folder: string;
let socketPath: string;
let control: FakeControl;
let clock: ManualClock;
let server: SocketServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hale-api-"));
  socketPath = join(folder, "haled.sock");
  control = new FakeControl();
  clock = new ManualClock();
  server = await serveSocket(createApi(control, clock), socketPath);
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function start(words: string, over: Partial<Omit<CliContext, "client">> = {}) {
  const { context, spy } = fakeContext({
    ...over,
    client: createSocketClient({ socketPath, author: "eva \u{1f980}" }),
  });
  return { spy, code: runCli(words.split(" "), context) };
}

async function hale(words: string, over: Partial<Omit<CliContext, "client">> = {}) {
  const { spy, code } = start(words, over);
  return { code: await code, ...spy };
}

describe("hale over its socket", () => {
  it("[SVC-31] tells what would follow, and does nothing", async () => {
    const told = await hale("service relocate web --dry-run");
    expect(told).toMatchObject({ code: 0, err: "" });
    expect(told.out).toBe(
      [
        "Nothing is done; this is what would follow:",
        "+0ms   stop web on n1   asked",
        "+1.2s  start web on n2  asked",
        "",
        "DOWN",
        "web  n1 -> n2  for about 2.4s",
        "",
        "In the end: it would be there",
        "",
      ].join("\n"),
    );
    expect(JSON.parse((await hale("service relocate web --dry-run --json")).out)).toMatchObject({
      ok: true,
      steps: [{}, {}],
    });
    expect(await hale("node fence n2 --dry-run")).toMatchObject({
      code: 1,
      err: "hale: Cannot do it: not today [NOT_ALLOWED]\n",
    });
    const right = "cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\nfencing: none\n";
    const reading = { readConfigText: () => Promise.resolve(right) };
    expect((await hale("config apply --dry-run", reading)).out).toContain(
      "Nothing would be started, stopped or moved.",
    );
    expect((await hale("config reload --dry-run")).out).toContain("Nothing would be started, stopped or moved.");
    expect([control.submissions, control.reloads, control.applied]).toEqual([[], [], []]);
    expect((await hale("config apply", reading)).code).toBe(0);
    expect(control.applied).toEqual([["eva ??", right]]);
  });

  it("looks", async () => {
    expect(await hale("status")).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringContaining("● web      started") as string,
    });
    expect(JSON.parse((await hale("status --json")).out)).toEqual(control.snapshot());
    expect((await hale("why web")).out).toContain("web runs on n1");
    expect((await hale("config show")).out).toContain("cluster: office");
    expect(await hale("why wbe")).toMatchObject({
      code: 1,
      err: 'hale: Cannot explain service "wbe": configured are web [SERVICE_UNKNOWN]\n',
    });
  });

  it("shows progress until it is done", async () => {
    const { spy, code } = start("service relocate web --to n2");
    await expect.poll(() => control.submissions.length).toBe(1);
    const [submission] = control.submissions;
    expect(submission).toMatchObject({
      intent: { kind: "relocate-service", service: "web", to: "n2" },
      author: "eva ??",
    });
    submission?.progress("entry 7: stopping on n1");
    await expect.poll(() => spy.out).toBe("· entry 7: stopping on n1\n");
    clock.turn(apiLimits.pingMs);
    submission?.answer({ ok: true, text: "web: n1 -> n2" });
    expect(await code).toBe(0);
    expect(spy.out).toBe("· entry 7: stopping on n1\n✓ web: n1 -> n2\n");
  });

  it("ends with 3 where there is no quorum", async () => {
    const { spy, code } = start("service enable web");
    await expect.poll(() => control.submissions.length).toBe(1);
    control.submissions[0]?.answer({ ok: false, code: "NO_QUORUM", text: "Cannot decide anything: electing" });
    expect(await code).toBe(3);
    expect(spy.err).toBe("hale: Cannot decide anything: electing [NO_QUORUM]\n");
  });

  it("stops waiting at the daemon when it is interrupted", async () => {
    const interrupted = new AbortController();
    const { spy, code } = start("service enable web", { signal: interrupted.signal });
    await expect.poll(() => control.submissions.length).toBe(1);
    interrupted.abort();
    expect(await code).toBe(1);
    expect(spy.err).toContain("what was accepted goes on");
    await expect.poll(() => control.submissions[0]?.signal.aborted).toBe(true);
  });

  it("returns once accepted", async () => {
    const { spy, code } = start("node standby n1 --no-wait");
    await expect.poll(() => control.submissions.length).toBe(1);
    control.submissions[0]?.progress("entry 7");
    expect(await code).toBe(0);
    expect(spy.out).toBe("· entry 7\n✓ accepted; not waiting for it\n");
  });

  it("follows events through a restart of the daemon, none twice and none lost", async () => {
    control.emit("one");
    const interrupted = new AbortController();
    const { spy, code } = start("events -f", { signal: interrupted.signal });
    await expect.poll(() => spy.out).toContain("one");
    await server.close();
    await expect.poll(() => spy.err).toContain("trying again");
    control.emit("two");
    server = await serveSocket(createApi(control, clock), socketPath);
    await expect.poll(() => spy.out, { timeout: 5_000 }).toContain("two");
    control.emit("three");
    await expect.poll(() => spy.out).toContain("three");
    expect(spy.out.match(/one|two|three/g)).toEqual(["one", "two", "three"]);
    interrupted.abort();
    expect(await code).toBe(0);
    await expect.poll(() => control.listeners).toBe(0);
  });

  it("completes names of services and nodes", async () => {
    // The completion library writes by console.log.
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await hale("complete -- service enable ");
    await hale("complete -- node standby ");
    const lines = log.mock.calls.map(([line]) => String(line));
    log.mockRestore();
    expect(lines.filter((line) => !line.startsWith(":")).map((line) => line.split("\t")[0])).toEqual(["web", "n1"]);
  });
});

describe("a daemon that is not there", () => {
  it.each([
    ["nothing", async () => undefined, "no such socket; is haled running on this node?"],
    [
      "a daemon that stops in the middle",
      async () => breaking((socket) => socket.destroy()),
      "closed the connection before it had answered",
    ],
    [
      "something else",
      async () => breaking((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")),
      "what answers there is not haled",
    ],
  ])("%s: exit code 4 and what to do", async (_what, listen, text) => {
    await server.close();
    const other = await listen();
    try {
      for (const words of ["status", "service enable web", "events -f", "config show", "why web"]) {
        expect(await hale(words)).toMatchObject({ code: 4, out: "", err: expect.stringContaining(text) as string });
      }
    } finally {
      other?.close();
    }
  });
});

/** A server on the daemon's socket that does something else with every connection. */
async function breaking(handle: (socket: { destroy(): void; end(text: string): void }) => void): Promise<Server> {
  const other = createServer((_request, response) => {
    if (response.socket !== null) handle(response.socket);
  });
  await new Promise<void>((resolve) => other.listen(socketPath, resolve));
  return other;
}
