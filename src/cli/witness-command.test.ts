import { describe, expect, test } from "vitest";
import { ClusterError } from "../model/errors.ts";
import { type NodeId, witnessId } from "../model/ids.ts";
import { makeIncarnation } from "../model/incarnation.ts";
import { noView, type ViewId } from "../model/view.ts";
import type { WitnessStatus } from "../model/witness-status.ts";
import { fakeContext } from "./fixtures/fake-context.fixture.ts";
import { runCli } from "./run-cli.ts";

const serv1 = "serv1" as NodeId;
const view: ViewId = {
  counter: 12,
  proposer: serv1,
  incarnation: makeIncarnation({ boot: 1, startedAt: 1, random: 1 }),
};
const status: WitnessStatus = {
  listen: "192.168.1.20:6941",
  version: "0.1.0",
  runningMs: 93_784_000,
  clusters: [
    {
      cluster: "home",
      disk: witnessId("000000000002"),
      promised: noView,
      installed: noView,
      askers: [],
      refused: {},
      warning: null,
    },
    {
      cluster: "office",
      disk: witnessId("000000000001"),
      promised: view,
      installed: noView,
      askers: [
        {
          node: serv1,
          address: "192.168.1.11:40000",
          askedMsAgo: 120,
          wanted: { step: "promise", view, isGranted: true, msAgo: 60_000 },
        },
        { node: "serv2" as NodeId, address: "192.168.1.12:40001", askedMsAgo: 75_000, wanted: null },
      ],
      refused: { mac: 3, replay: 1 },
      warning: "packets refused in the last minute: wrong key or altered 3; the last came from 192.168.1.99:1",
    },
  ],
  foreign: 7,
  network: { "witness: floods of strangers": 1 },
};

describe("hale witness status", () => {
  test("tells whose witness it is, what it has promised, who has asked, and what was refused", async () => {
    const fake = fakeContext({ witnessStatus: () => Promise.resolve(status) });
    expect(await runCli(["witness", "status"], fake.context)).toBe(0);
    expect(fake.spy.out).toMatchInlineSnapshot(`
      "witness at 192.168.1.20:6941, hale 0.1.0, for 1d 2h

      home  votes as witness.000000000002, promised view -, installed -
        nobody has asked since its start

      office  votes as witness.000000000001, promised view 12/serv1, installed -
      ! packets refused in the last minute: wrong key or altered 3; the last came from 192.168.1.99:1
        NODE   ASKED               ADDRESS             LAST WANTED
        serv1  120ms ago           192.168.1.11:40000  the vote for view 12/serv1, 1m ago: granted
        serv2  1m 15s ago, silent  192.168.1.12:40001  -
        refused: wrong signature 3, replay 1

      refused 7 packets of no cluster that has a key file here
      witness: floods of strangers: 1
      "
    `);
  });

  test("--json is the document", async () => {
    const fake = fakeContext({ witnessStatus: () => Promise.resolve(status) });
    expect(await runCli(["witness", "status", "--json"], fake.context)).toBe(0);
    expect(JSON.parse(fake.spy.out)).toEqual(status);
  });

  test("nobody there: exit code 4", async () => {
    const witnessStatus = () => Promise.reject(new ClusterError("NOT_REACHED", "Cannot reach the daemon"));
    const fake = fakeContext({ witnessStatus });
    expect(await runCli(["witness", "status"], fake.context)).toBe(4);
  });
});

test("hale witness without an address is a mistake, told with what is wanted", async () => {
  const fake = fakeContext({});
  expect(await runCli(["witness"], fake.context)).toBe(2);
  expect(fake.spy.err).toContain("Cannot be a witness: wants --listen ADDRESS:PORT");
});
