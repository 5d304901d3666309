import { expect, it } from "vitest";
import { witnessId } from "../../model/ids.ts";
import { utcText } from "../fixtures/fake-context.fixture.ts";
import { alone, healthy, troubled, whyIntranet } from "../fixtures/snapshots.fixture.ts";
import { wallMs } from "../../model/units.ts";
import type { Look } from "./look.ts";
import { colourPaint, plainPaint } from "./paint.ts";
import { statusText } from "./status-text.ts";
import { whyText } from "./why-text.ts";

const look: Look = { paint: plainPaint, wallText: utcText };

it("shows a healthy cluster", () => {
  expect(`\n${statusText(healthy, look)}`).toMatchInlineSnapshot(`
    "
    office  quorate, view 12/serv1, coordinator serv1
    quorum   2 votes, needs 2 of 2 or the arbiter fencing, voters serv1 serv2, lease 1.2s
    config   f9acd53cd25a, log 120 entries
    told by  serv1, hale 0.1.0, 2026-11-21 14:03:22

      NODE   STATE   SINCE   LINK  ADDRESS       HEARD
    ● serv1  member  3h 12m  -     this node
    ● serv2  member  3h      0     192.168.1.12  up 120ms ago
                             1     10.9.9.2      up 80ms ago

      SERVICE   STATE    OWNER  SINCE  RESOURCES
    ● intranet  started  serv1  3h     address 192.168.1.100  ocf apache
    ● reports   started  serv2  42s    exec
    "
  `);
});

it("shows the arbiter disk, and who is heard there", () => {
  const witness = { address: "/dev/sdx", isDisk: true, isHeard: true, silentMs: 120, hasVote: true };
  const [first, second] = healthy.nodes;
  const link = { link: "disk", address: "/dev/sdx", state: "up", silentMs: 200 } as const;
  const nodes = first === undefined || second === undefined ? [] : [first, { ...second, links: [link] }];
  const electorate = [...healthy.group.electorate, witnessId("00000000000d")];
  const text = statusText({ ...healthy, nodes, group: { ...healthy.group, electorate, witness } }, look);
  expect(text).toMatch(/arbiter +\/dev\/sdx, up, heard 120ms ago, has its vote\n/);
  expect(text).toMatch(/voters serv1 serv2 disk,/);
  expect(text).toMatch(/serv2 +member +3h +disk +\/dev\/sdx +up 200ms ago\n/);
});

it("shows where a watchdog is armed, and where not", () => {
  const watchdogs = [
    { timeoutMs: 10_000, detail: "/dev/watchdog (softdog)" },
    { timeoutMs: 0, detail: "there is no /dev/watchdog" },
  ];
  const nodes = healthy.nodes.map((node, index) => {
    const watchdog = watchdogs[index];
    return watchdog === undefined ? node : { ...node, watchdog };
  });
  expect(statusText({ ...healthy, nodes }, look)).toMatch(/watchdog +armed on serv1, 10s, missing on serv2\n/);
});

it("shows what is wrong, where and since when", () => {
  expect(`\n${statusText(troubled, look)}`).toMatchInlineSnapshot(`
    "
    office  quorate, view 12/serv1, coordinator serv1
    quorum   3 votes, needs 3 of 4, voters serv1 (2) serv2 serv3, lease 1.2s
    config   f9acd53cd25a (the file here is 0123456789ab), log 118 of 120 entries
    told by  serv1, hale 0.1.0, 2026-11-21 14:03:22
    ! node serv3: no fence device works; its services stay where they are

      NODE   STATE            SINCE  LINK  ADDRESS       HEARD
    ● serv1  member           3h     -     this node
    ◐ serv2  member, standby  3h     0     192.168.1.12  late 900ms ago
                                     1     10.9.9.2      dead 1m 15s ago
    ✗ serv3  fencing          12s    0     192.168.1.13  dead 12s ago
                                     1     10.9.9.3      never heard
        silent on both links; fence attempt 2 by serv1: pdu did not answer within 60 s

      SERVICE   STATE              OWNER  SINCE  RESOURCES
    ✗ intranet  failed             -      12s    address 192.168.1.100 (stopped)  ocf apache!
        no node may run it: serv1 failed to start apache, serv2 is standby, serv3 is not known to be off
        intranet/apache: start failed 13s ago: configuration file /etc/apache2/apache2.conf is missing
    ◐ mail      starting           serv1  300ms  lsb postfix (running)  exec (unknown)
    ○ reports   stopped, disabled  -      2d 2h  exec
        disabled by eva

    packets dropped: wrong signature 12, of an earlier life 3
    "
  `);
});

it("[OCF-3] shows what is degraded, and why", () => {
  const outcome = {
    status: "ok",
    severity: "none",
    reason: "one of two disks is gone (runs, but degraded (exit code 190))",
    isDegraded: true,
    output: "",
    durationMs: 1,
  } as const;
  const last = { action: "monitor", at: healthy.at, outcome } as const;
  const services = healthy.services.map((service) =>
    service.service === "intranet"
      ? { ...service, resources: service.resources.map((one) => (one.kind === "ocf" ? { ...one, last } : one)) }
      : service,
  );
  expect(statusText({ ...healthy, services }, look)).toContain(`
◐ intranet  started  serv1  3h     address 192.168.1.100  ocf apache (degraded)
    intranet/apache: one of two disks is gone (runs, but degraded (exit code 190))
`);
});

it("shows a node without quorum", () => {
  expect(`\n${statusText(alone, look)}`).toMatchInlineSnapshot(`
    "
    office  NO QUORUM (electing)
    quorum   1 vote, needs 2 of 2 or the arbiter fencing, voters serv1 serv2
    reach    serv1 1 of 3
    config   f9acd53cd25a, log 120 entries
    told by  serv1, hale 0.1.0, 2026-11-21 14:03:22

      NODE   STATE    SINCE  LINK  ADDRESS       HEARD
    ◐ serv1  unknown  -      -     this node
    ✗ serv2  lost     20s    0     192.168.1.12  dead 20s ago
        silent

    no services are configured
    "
  `);
});

it("explains a service", () => {
  expect(`\n${whyText(whyIntranet, look)}`).toMatchInlineSnapshot(`
    "
    intranet  failed: no node may run it

    NODE   VERDICT  BECAUSE
    serv1  may not  start of intranet/apache failed here (not on this node again)
    serv2  may not  standby since 14:00:10
                    second in domain office
    serv3  may      not known to be off

    WHAT LED HERE (newest first)
    2026-11-21 14:03:10  entry 118  serv1: start of intranet/apache failed
    2026-11-21 14:03:07  entry 101  intranet: serv3 -> serv1, serv3 was fenced

    WHAT FAILED (newest first)
    2026-11-21 14:03:09  serv1  start of intranet/apache: failed, exit 5, after 1.2s, not on this node again: configuration file /etc/apache2/apache2.conf is missing
        | ocf-exit-reason:configuration file missing
        | ?[2Jcleared your screen
    "
  `);
});

it("says the same with colours", () => {
  const coloured = statusText(troubled, { ...look, paint: colourPaint });
  expect(coloured).toContain("\u001b[");
  // oxlint-disable-next-line no-control-regex -- colours are what is taken away
  expect(coloured.replaceAll(/\u001b\[\d+m/g, "")).toBe(statusText(troubled, look));
});

it("shows since when a node is in quarantine, and for how long", () => {
  const quarantine = { since: wallMs(healthy.at - 600_000), until: wallMs(healthy.at + 3_000_000), losses: 3 };
  const nodes = healthy.nodes.map((node) => (node.node === "serv2" ? { ...node, quarantine } : node));
  const shown = statusText({ ...healthy, nodes }, look);
  expect(shown).toMatch(/serv2 +member, quarantine +3h/);
  expect(shown).toContain("    in quarantine since 10m, for 50m more: lost 3 times\n");
});

it("shows the longest waits for heartbeats when asked", () => {
  const longestMs = { minute: 260, hour: 812 };
  const nodes = healthy.nodes.map((node) => ({ ...node, links: node.links.map((link) => ({ ...link, longestMs })) }));
  expect(statusText({ ...healthy, nodes }, look)).not.toContain("812");
  const shown = statusText({ ...healthy, nodes }, look, true);
  expect(shown).toMatch(/ADDRESS +HEARD +LONGEST WAIT\n/);
  expect(shown).toMatch(/192\.168\.1\.12 +up 120ms ago +260ms in 1m, 812ms in 1h\n/);
});

it("[TREE-5] shows what stands on what, and what a service goes on without", () => {
  const tree = {
    service: "shop",
    isEnabled: true,
    state: "started",
    owner: "serv2",
    since: healthy.at,
    reason: "start of the cluster; without shop/report: start of shop/report failed: exit 1",
    degraded: ["shop/report"],
    resources: [
      { resource: "shop/disk", kind: "filesystem", state: "running" },
      { resource: "shop/ip", kind: "address", state: "running", after: [] },
      { resource: "shop/report", kind: "lsb", state: "failed", after: ["shop/disk", "shop/ip"] },
    ],
  } as unknown as (typeof healthy.services)[number];
  expect(statusText({ ...healthy, services: [tree] }, look)).toContain(`
◐ shop     started  serv2  0ms    filesystem disk  address ip (at once)  lsb report (after disk, ip)!
    start of the cluster; without shop/report: start of shop/report failed: exit 1
    shop/report failed
`);
});
