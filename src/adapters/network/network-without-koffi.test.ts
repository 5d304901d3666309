import { afterAll, expect, test, vi } from "vitest";
import { parseNodeId } from "../../model/ids.ts";
import { durationMs, instantMs, wallMs } from "../../model/units.ts";

vi.mock("../native/libc.ts", () => ({ loadLibc: () => null, libcProblem: () => "not for this processor" }));

afterAll(() => {
  vi.doUnmock("../native/libc.ts");
  vi.resetModules();
});

/** Loaded anew, upon the libc of above: other files of this process have loaded it upon the real one. */
function loadTransport() {
  vi.resetModules();
  return import("./network-transport.ts");
}

test("without koffi the network opens, and the log is told once that floods cannot be kept out", async () => {
  const { NetworkTransport } = await loadTransport();
  const notes: string[] = [];
  const [self, peer] = [parseNodeId("serv1"), parseNodeId("serv2")];
  const nodes = [
    { id: self, addresses: ["127.3.4.1", "127.3.5.1"], fence: [] },
    { id: peer, addresses: ["127.3.4.2", "127.3.5.2"], fence: [] },
  ];
  const transport = new NetworkTransport({
    self,
    // Below the ports that the kernel gives away, and nobody else's on these addresses.
    config: { nodes, heartbeat: { port: 6_941, deadtimeMs: durationMs(1_500) } },
    clock: { now: () => instantMs(1), wall: () => wallMs(1), wakeAt: () => () => undefined },
    onNote: (text) => notes.push(text),
  });
  await transport.open(() => undefined);
  await transport.close();
  expect(notes).toEqual(["a flood of strangers' packets cannot be kept out: no koffi (not for this processor)"]);
});
