import { expect, test } from "vitest";
import type { ArbiterContent, SlotVote } from "../model/arbiter-disk.ts";
import { ClusterError } from "../model/errors.ts";
import { type NodeId, witnessId } from "../model/ids.ts";
import { makeIncarnation } from "../model/incarnation.ts";
import { noView } from "../model/view.ts";
import { fakeContext } from "./fixtures/fake-context.fixture.ts";
import { runCli } from "./run-cli.ts";

// Goal: what `hale arbiter-disk` says.

const disk = witnessId("00000000000d");
const [a, b] = ["serv1" as NodeId, "serv2" as NodeId];
const incarnation = makeIncarnation({ boot: 1, startedAt: 1, random: 1 });
const vote: SlotVote = {
  disk,
  node: a,
  incarnation,
  sequence: 4,
  promised: { counter: 7, proposer: a, incarnation },
  logView: noView,
};
const header = { disk, cluster: "office", nodes: [a, b] };

test("init says what was made, and for whom", async () => {
  const asked: unknown[] = [];
  const { context, spy } = fakeContext({
    makeArbiterDisk: (...words) => {
      asked.push(words);
      return Promise.resolve(header);
    },
  });
  expect(await runCli(["arbiter-disk", "init", "/dev/sdx", "--force"], context)).toBe(0);
  expect(asked).toEqual([["/dev/sdx", true]]);
  expect(spy.out).toBe(
    '/dev/sdx is the arbiter disk of cluster "office" (serv1, serv2), called witness.00000000000d\n',
  );
});

test("a disk that cannot be made is a failure, with its code", async () => {
  const { context, spy } = fakeContext({
    makeArbiterDisk: () => Promise.reject(new ClusterError("DISK_UNUSABLE", "Cannot make it: it is not empty")),
  });
  expect(await runCli(["arbiter-disk", "init", "/dev/sdx"], context)).toBe(1);
  expect(spy.err).toContain("Cannot make it: it is not empty [DISK_UNUSABLE]");
});

test("show tells each node's claims, and what is damaged", async () => {
  const content: ArbiterContent = {
    header,
    slots: [
      { votes: [vote, null], beat: { disk, node: a, incarnation, count: 31 } },
      { votes: [null, null], beat: null },
    ],
  };
  const { context, spy } = fakeContext({ readArbiterDisk: () => Promise.resolve(content) });
  expect(await runCli(["arbiter-disk", "show", "/dev/sdx"], context)).toBe(0);
  expect(spy.out).toBe(
    [
      '/dev/sdx: arbiter disk of cluster "office", called witness.00000000000d',
      "  NODE   PROMISED  INSTALLED  CLAIMS               SIGNS OF LIFE",
      "  serv1  7/serv1   -          4, one copy damaged  31",
      "  serv2  damaged   damaged    damaged              damaged",
      "",
    ].join("\n"),
  );
  spy.out = "";
  expect(await runCli(["arbiter-disk", "show", "--json", "/dev/sdx"], context)).toBe(0);
  expect(JSON.parse(spy.out)).toEqual(content);
});
