import { canWait } from "../../model/intent.ts";
import { parseIntent } from "../../model/parse-intent.ts";
import { parseExpectation } from "./parse-expectation.ts";
import type { Names } from "./names.ts";
import type { Step } from "./scenario.ts";
import type { ValueReader } from "./value-reader.ts";

interface Verb {
  /** Keys it may have beside its own and `at`. */
  readonly options: readonly string[];
  parse(value: ValueReader, step: ValueReader, names: Names): Step | undefined;
}

const verbs: Readonly<Record<string, Verb>> = {
  "power-off": onNode("power-off"),
  "power-on": onNode("power-on"),
  shutdown: onNode("shutdown"),
  "start-daemon": onNode("start-daemon"),
  "lose-disk": onNode("lose-disk"),
  cut: { options: ["link", "one-way"], parse: parseCut },
  heal: { options: [], parse: (value) => (value.truth() === undefined ? undefined : { kind: "heal" }) },
  lose: { options: [], parse: parseLose },
  pause: { options: ["for", "what"], parse: parsePause },
  "crash-daemon": { options: ["restart-after"], parse: parseCrash },
  fail: { options: ["on", "seen"], parse: parseFail },
  refuse: { options: ["operation", "on", "times", "how"], parse: parseRefuse },
  "fence-device": { options: ["works"], parse: parseFenceDevice },
  watchdog: { options: ["works"], parse: parseWatchdog },
  reach: { options: ["hosts"], parse: parseReach },
  score: { options: ["value"], parse: parseScore },
  disk: { options: ["works", "write-time"], parse: parseDisk },
  run: { options: ["on", "in"], parse: parseRun },
  reload: { options: ["on"], parse: parseReload },
  expect: { options: [], parse: parseExpect },
};

/** Reads one step but its time. */
export function parseStep(step: ValueReader, names: Names): Step | undefined {
  if (!step.isMapping()) return step.wanted("a step such as { at: 10s, power-off: NODE }");
  const found = step.keys().filter((key) => Object.hasOwn(verbs, key));
  const [key] = found;
  if (key === undefined)
    return step.wrong(`found ${step.keys().join(", ") || "nothing"}, wanted one of ${Object.keys(verbs).join(", ")}`);
  const verb = verbs[key] as Verb;
  step.onlyKeys(["at", key, ...verb.options]);
  return verb.parse(step.at(key), step, names);
}

function onNode(kind: "power-off" | "power-on" | "shutdown" | "start-daemon" | "lose-disk"): Verb {
  return {
    options: [],
    parse: (value, _step, names) => {
      const node = names.node(value);
      return node === undefined ? undefined : { kind, node };
    },
  };
}

function parseCut(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const lists = value.list("groups of nodes such as [[n1], [n2, n3]]");
  const groups = lists.map((group) => group.list("a list of nodes").flatMap((node) => names.place(node) ?? []));
  if (groups.length < 2) return lists.length > 0 ? value.wrong("found one group, wanted two or more") : undefined;
  const links = Math.max(...names.config.nodes.map((node) => node.addresses.length));
  const link = step.at("link").isMissing ? null : step.at("link").integer(0, links - 1);
  const isOneWay = step.at("one-way").isMissing ? false : step.at("one-way").truth();
  return link === undefined || isOneWay === undefined ? undefined : { kind: "cut", groups, link, isOneWay };
}

function parseLose(value: ValueReader): Step | undefined {
  const probability = value.number(0, 1);
  return probability === undefined ? undefined : { kind: "lose", probability };
}

function parsePause(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const node = names.node(value);
  const forMs = step.at("for").durationMs();
  const what = step.at("what").isMissing ? "machine" : step.at("what").oneOf(["machine", "daemon"]);
  return node === undefined || forMs === undefined || what === undefined
    ? undefined
    : { kind: "pause", node, forMs, what };
}

function parseCrash(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const node = names.node(value);
  const restartMs = step.at("restart-after").isMissing ? null : step.at("restart-after").durationMs();
  return node === undefined || restartMs === undefined ? undefined : { kind: "crash-daemon", node, restartMs };
}

function parseFail(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const resource = names.resource(value);
  const node = step.at("on").isMissing ? null : names.node(step.at("on"));
  const isSeen = step.at("seen").isMissing ? false : step.at("seen").truth();
  if (resource === undefined || node === undefined || isSeen === undefined) return undefined;
  return { kind: "fail", resource, node, isSeen };
}

function parseRefuse(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const resource = names.resource(value);
  const action = step.at("operation").oneOf(["start", "stop", "monitor", "notify"]);
  const node = step.at("on").isMissing ? null : names.node(step.at("on"));
  const times = step.at("times").isMissing ? Number.MAX_SAFE_INTEGER : step.at("times").integer(0, 1_000_000);
  const how = step.at("how").isMissing ? "fail" : step.at("how").oneOf(["fail", "hang"]);
  if (resource === undefined || action === undefined || node === undefined || times === undefined || how === undefined)
    return undefined;
  return { kind: "refuse", resource, action, node, times, how };
}

function parseFenceDevice(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const device = names.device(value);
  const works = step.at("works").truth();
  return device === undefined || works === undefined ? undefined : { kind: "fence-device", device, works };
}

function parseWatchdog(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const node = names.node(value);
  const works = step.at("works").truth();
  return node === undefined || works === undefined ? undefined : { kind: "watchdog", node, works };
}

function parseReach(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const { quorum } = names.config;
  const listed = quorum.kind === "fencing" ? (quorum.reachlist ?? []).length : 0;
  if (listed === 0) return value.wrong("found reach, but the configuration has no reachlist");
  const node = names.node(value);
  const hosts = step.at("hosts").integer(0, listed);
  return node === undefined || hosts === undefined ? undefined : { kind: "reach", node, hosts };
}

function parseScore(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const resource = names.resource(value);
  const score = step.at("value").integer(-1_000_000, 1_000_000);
  return resource === undefined || score === undefined ? undefined : { kind: "score", resource, value: score };
}

function parseDisk(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const node = names.node(value);
  const works = step.at("works").isMissing ? true : step.at("works").truth();
  const writeMs = step.at("write-time").isMissing ? 1 : step.at("write-time").durationMs();
  return node === undefined || works === undefined || writeMs === undefined
    ? undefined
    : { kind: "disk", node, works, writeMs };
}

function parseRun(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const words = value.text("the words after hale, such as: service relocate web --to n2");
  const on = step.at("on").isMissing ? null : names.node(step.at("on"));
  if (words === undefined || on === undefined) return undefined;
  const parsed = parseIntent(words.split(/\s+/));
  if (!parsed.ok) return value.wrong(parsed.text);
  const { intent } = parsed;
  const { services, nodes } = names.config;
  if (
    "service" in intent &&
    !services.some(({ id, instance }) => (instance?.of ?? id) === intent.service || id === intent.service)
  ) {
    return value.wrong(
      `found service "${intent.service}", wanted ${services.map((service) => service.id).join(" or ")}`,
    );
  }
  const node = "node" in intent ? intent.node : intent.kind === "relocate-service" ? intent.to : undefined;
  if (node !== undefined && !nodes.some((each) => each.id === node)) {
    return value.wrong(`found node "${node}", wanted ${nodes.map((each) => each.id).join(" or ")}`);
  }
  const inMs = step.at("in").isMissing ? null : step.at("in").durationMs();
  if (inMs === undefined) return undefined;
  if (inMs !== null && !canWait(intent)) return step.at("in").wrong(`found it beside ${words}, which is for now alone`);
  return { kind: "run", words, intent, on, inMs };
}

function parseReload(value: ValueReader, step: ValueReader, names: Names): Step | undefined {
  const file = value.oneOf(["cluster", "begin"]);
  const on = step.at("on").isMissing ? null : names.node(step.at("on"));
  return file === undefined || on === undefined ? undefined : { kind: "reload", file, on };
}

function parseExpect(value: ValueReader, _step: ValueReader, names: Names): Step {
  return { kind: "expect", expect: parseExpectation(value, names) };
}
