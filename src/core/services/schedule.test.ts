import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../../model/ids.ts";
import type { Schedulable } from "../../model/intent.ts";
import { intentWords } from "../../model/intent-words.ts";
import { parseIntent } from "../../model/parse-intent.ts";
import { wallMs } from "../../model/units.ts";
import { clusterWarnings, explainService } from "./explain.ts";
import { previewOf } from "./preview.ts";
import { dueAt, explainSchedule, lateMsMax, scheduledMax } from "./schedule.ts";
import { only, Site, siteConfig } from "./site.fixture.ts";

const web = parseServiceId("web");
const [n1, n2] = ["n1", "n2"].map(parseNodeId);
const toN2: Schedulable = { kind: "relocate-service", service: web, to: parseNodeId("n2") };

function running(): Site {
  return new Site(siteConfig(["n1", "n2", "n3"], { web: { domain: only("n1", "n2", "n3") } }));
}

/** It is asked for, to be done so much later. @returns its number */
function plan(site: Site, what: Schedulable, inMs: number): number {
  site.ask({ kind: "schedule", what, at: wallMs(site.at + inMs) });
  return site.state.index;
}

function due(site: Site, id: number, wall: number): Site {
  return site.say({ kind: "due", id, wall: wallMs(wall) }).done();
}

describe("what is scheduled", () => {
  it("[SVC-42] is done once when its time has come, in the name of who asked for it, and not before", () => {
    const site = running();
    const at = site.at + 60_000;
    const id = plan(site, toN2, 60_000);
    expect([site.phase("web"), dueAt(site.state, wallMs(at - 1)), dueAt(site.state, wallMs(at))]).toMatchObject([
      "started on n1",
      [],
      [{ id }],
    ]);
    expect(due(site, id, at - 1).phase("web")).toBe("started on n1");
    expect(due(site, id, at).phase("web")).toBe("started on n2");
    site.ask({ kind: "relocate-service", service: web, to: n1 ?? parseNodeId("n1") }).done();
    expect(due(site, id, at).phase("web")).toBe("started on n1");
    const asked = due(site, plan(site, toN2, 0), site.at).state.services[web]?.asked?.text;
    expect(asked).toMatch(/^relocate to n2, asked by ann on 1970-01-01 00:\d\d:\d\dZ, scheduled as \d+$/);
  });

  it("[SVC-43] is not done later than a quarter of an hour after its time, and that is told for a day", () => {
    const site = running();
    const at = site.at + 60_000;
    const [first, second] = [plan(site, toN2, 60_000), plan(site, { kind: "disable-service", service: web }, 60_000)];
    expect(due(site, first, at + lateMsMax).phase("web")).toBe("started on n2");
    expect(due(site, second, at + 1_000 + lateMsMax + 1).phase("web")).toBe("started on n2");
    expect(explainSchedule(site.state).past.map(({ id, result }) => [id, result])).toEqual([
      [second, "dropped"],
      [first, "done"],
    ]);
    const now = wallMs(site.at);
    expect(clusterWarnings(site.state, [], now).join()).toContain("not done: service disable web, scheduled by ann");
    expect(clusterWarnings(site.state, [], wallMs(now + 86_400_000))).toEqual([]);
  });

  it("[SVC-43] waits for members that have not reported, as long as it may", () => {
    const site = running();
    const id = plan(site, { kind: "restart-service", service: web }, 60_000);
    const at = site.at + 60_000;
    site.lose("n3").enter("n3");
    expect(dueAt(site.state, wallMs(at))).toEqual([]);
    expect(dueAt(site.state, wallMs(at + lateMsMax + 1))).toMatchObject([{ id }]);
    site.report("n3");
    expect(dueAt(site.state, wallMs(at))).toMatchObject([{ id }]);
  });

  it("[SVC-42] may be forbidden now, and is refused and told when it still is at its time", () => {
    const site = running().ask({ kind: "disable-service", service: web }).done();
    const id = plan(site, { kind: "restart-service", service: web }, 1_000);
    expect(site.refusal).toBeNull();
    due(site, id, site.at + 1_000);
    expect(site.phase("web")).toBe("stopped");
    expect(site.texts.at(-1)).toMatch(
      /^web: not done: service restart web, .*: Cannot restart service "web": it is disabled/,
    );
    site.ask({
      kind: "schedule",
      what: { kind: "enable-service", service: parseServiceId("none") },
      at: wallMs(site.at),
    });
    expect(site.refusal?.code).toBe("SERVICE_UNKNOWN");
  });

  it("[SVC-44] can be seen, and taken off the list", () => {
    const site = running();
    const late = plan(site, { kind: "standby-node", node: n2 ?? parseNodeId("n2") }, 90_000);
    const early = plan(site, toN2, 60_000);
    const { waiting } = explainSchedule(site.state);
    expect(waiting.map(({ id, words, by }) => [id, words, by])).toEqual([
      [early, "service relocate web --to n2", "ann"],
      [late, "node standby n2", "ann"],
    ]);
    const why = explainService(site.state, web)?.rules?.filter(({ rule }) => rule === "SVC-44");
    expect(why?.map(({ answer }) => answer.replaceAll(/1970-01-01 [^Z]+Z/g, "T"))).toEqual([
      `service relocate web --to n2 at T, asked by ann on T (entry ${early}; hale schedule cancel ${early})`,
    ]);
    site.ask({ kind: "cancel-scheduled", id: early });
    expect(due(site, early, site.at + 60_000).phase("web")).toBe("started on n1");
    site.ask({ kind: "cancel-scheduled", id: early });
    expect(site.refusal?.text).toBe(`Cannot cancel ${early}: found no such number, scheduled: ${late}`);
  });

  it("[SVC-44] is limited in number", () => {
    const site = running();
    for (let count = 0; count < scheduledMax; count += 1) plan(site, toN2, 60_000);
    expect(site.refusal).toBeNull();
    plan(site, toN2, 60_000);
    expect(site.refusal?.text).toContain(`at most ${scheduledMax}`);
  });

  it("[SVC-31, SVC-44] is foretold as if it were done now", () => {
    const site = running();
    const at = wallMs(site.at + 60_000);
    const preview = previewOf(
      site.state,
      { kind: "intent", intent: { kind: "schedule", what: toN2, at } },
      "ann",
      parseNodeId("n1"),
    );
    expect(preview).toMatchObject({
      ok: true,
      steps: [
        { action: "stop", node: "n1" },
        { action: "start", node: "n2" },
      ],
    });
    expect(preview.text).toMatch(/^at 1970-01-01 \S+, if all is as it is now: service web is started on n2$/);
    expect(explainSchedule(site.state).waiting).toEqual([]);
  });

  it.each([
    "service enable web",
    "service relocate web --to n2",
    "service relocate web",
    "node standby n1",
    "node shutdown n1 --services freeze",
    "maintenance on",
    "maintenance off",
  ])("[SVC-44] is written as one would ask for it: %s", (words) => {
    const parsed = parseIntent(words.split(" "));
    expect(parsed.ok ? intentWords(parsed.intent as Schedulable) : parsed.text).toBe(words);
  });
});
