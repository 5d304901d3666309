import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeId } from "../src/model/ids.ts";
import type { Message } from "../src/model/message.ts";
import type { GroupInput } from "../src/core/group-input.ts";
import { rightRules } from "../src/sim/group/group-rules.ts";
import type { GroupHost } from "../src/sim/group/group-host.ts";
import type { GroupWorld } from "../src/sim/group/group-world.ts";
import { formed, submitOnce } from "../src/sim/group/stage.ts";
import { parseKeys } from "../src/wire/keys.ts";
import { Sealer } from "../src/wire/sealer.ts";
import { drawCurves } from "./draw-curves.ts";
import { median } from "./gap.ts";
import type { Row } from "./row.ts";

const sizes = [2, 3, 8, 16, 32];
const letters = "abcdefghijklmnopqrstuvwxyzàáâãäå";
const entries = 20;
const keepaliveS = 0.25;
const keys = parseKeys("auth 1\n1 hmac-sha256 a-secret-that-is-long-enough");

/** What one happening costs a cluster, from its cause to the moment when all have done their part. */
interface Cost {
  /** Without heartbeats. */
  readonly messages: number;
  readonly bytes: number;
  /** Said at once, because a status has changed. */
  readonly heartbeats: number;
  /** On a network with 0.1 to 1 ms and disks with 0.2 to 2 ms. */
  readonly virtualMs: number;
  /** Of the busiest node's core, on this machine, for all but heartbeats and ticks. */
  readonly cpuMs: number;
}

interface Costs {
  readonly nodes: number;
  readonly entry: Cost;
  readonly viewChange: Cost;
  readonly heartbeatBytes: number;
}

/**
 * What an entry and a view change cost by the number of nodes: counted in the simulator, so the same on every machine, but for the
 * processor's time. The counts are held against what the protocol says; the curves go to `cost.svg`.
 */
export async function cost(say: (text: string) => void): Promise<readonly Row[]> {
  const all = sizes.map((nodes) => {
    const costs = costsOf(nodes);
    say(`${nodes} nodes: ${textOf(costs)}`);
    return costs;
  });
  writeFileSync(join(import.meta.dirname, "cost.svg"), curves(all));
  return Promise.resolve(all.flatMap(rowsOf));
}

function rowsOf({ nodes, entry, viewChange, heartbeatBytes }: Costs): readonly Row[] {
  const others = nodes - 1;
  const figure = (text: string): string => `${nodes} nodes: ${text}`;
  const row = { against: "protocol", unit: "messages" };
  return [
    { ...row, figure: figure("an entry"), hale: entry.messages, other: 3 * others + 1, limit: 3 * others + 1 },
    {
      ...row,
      figure: figure("a view change, one member lost"),
      hale: viewChange.messages,
      other: 5 * Math.max(others - 1, 1),
      limit: 5 * Math.max(others - 1, 1),
    },
    {
      figure: figure("a heartbeat"),
      unit: "bytes",
      hale: heartbeatBytes,
      against: "a datagram",
      other: 1_200,
      limit: 1_200,
    },
  ];
}

function costsOf(nodes: number): Costs {
  const entry = costOfEntries(nodes);
  const changes = [1, 2, 3].map((seed) => costOfViewChange(nodes, seed));
  const middle = (of: (one: Cost) => number): number => median(changes.map(of));
  return {
    nodes,
    entry,
    viewChange: {
      messages: middle((one) => one.messages),
      bytes: middle((one) => one.bytes),
      heartbeats: middle((one) => one.heartbeats),
      virtualMs: middle((one) => one.virtualMs),
      cpuMs: middle((one) => one.cpuMs),
    },
    heartbeatBytes: heartbeatBytes(nodes),
  };
}

/** A world in which what is sent is counted, and every node's steps are timed. */
class Counted {
  readonly world: GroupWorld;
  readonly #sent: { readonly at: number; readonly from: GroupHost; readonly message: Message }[] = [];
  readonly #cpuMs = new Map<NodeId, number>();

  constructor(nodes: number, seed: number) {
    const rules = {
      ...rightRules,
      stepGroup: (...given: Parameters<typeof rightRules.stepGroup>) => {
        const from = performance.now();
        const step = rightRules.stepGroup(...given);
        this.#count(given[0].setup.self, given[1], performance.now() - from);
        return step;
      },
    };
    this.world = formed(letters.slice(0, nodes), { rules, seed });
    this.world.onSend = (from, _to, { message }) => {
      this.#sent.push({ at: this.world.now, from, message });
      return true;
    };
  }

  #count(node: NodeId, input: GroupInput, ms: number): void {
    const isBeat = input.kind === "tick" || (input.kind === "packet" && input.packet.message.kind === "heartbeat");
    if (!isBeat) this.#cpuMs.set(node, (this.#cpuMs.get(node) ?? 0) + ms);
  }

  /** From the first message that the cause leads to, until `done`. @throws Error when it does not come to it */
  measure(cause: () => void, done: () => boolean): Cost {
    this.#sent.length = 0;
    this.#cpuMs.clear();
    cause();
    if (this.world.runUntil(done, 10_000) === null) throw new Error("Cannot measure: it does not end");
    const others = this.#sent.filter(({ message }) => message.kind !== "heartbeat");
    const begin = others[0]?.at ?? this.world.now;
    return {
      messages: others.length,
      bytes: others.reduce((sum, { from, message }) => sum + bytesOf(from, message), 0),
      heartbeats: this.#sent.filter(({ at, message }) => message.kind === "heartbeat" && at >= begin).length,
      virtualMs: this.world.now - begin,
      cpuMs: Math.max(...this.#cpuMs.values()),
    };
  }
}

/** An entry of a member, ordered, delivered everywhere: the median of many. */
function costOfEntries(nodes: number): Cost {
  const counted = new Counted(nodes, 1);
  const { world } = counted;
  const origin = world.hosts.find((host) => host !== world.coordinator()) ?? world.host("a");
  const all = Array.from({ length: entries }, () => {
    world.run(7);
    const target = (world.coordinator()?.state?.log.length ?? 0) + 1;
    const isDone = (): boolean => world.hosts.every(({ state }) => (state?.delivered ?? 0) >= target);
    return counted.measure(() => submitOnce(origin), isDone);
  });
  const middle = (of: (one: Cost) => number): number => median(all.map(of));
  return {
    messages: middle((one) => one.messages),
    bytes: middle((one) => one.bytes),
    heartbeats: 0,
    virtualMs: middle((one) => one.virtualMs),
    cpuMs: middle((one) => one.cpuMs),
  };
}

/** From the proposal on that a lost member causes, until all others are in the new view. */
function costOfViewChange(nodes: number, seed: number): Cost {
  const counted = new Counted(nodes, seed);
  const { world } = counted;
  const lost = world.hosts.find((host) => host !== world.coordinator());
  if (lost === undefined) throw new Error("Cannot lose a member: there is one node only");
  // Two nodes have no majority without each other: there it is the return of the one that was away.
  if (nodes === 2) lost.cutPower();
  world.run(1_000);
  const present = nodes === 2 ? world.hosts : world.hosts.filter((host) => host !== lost);
  const isOver = (): boolean => world.isOneView(present.map(({ node }) => node));
  return counted.measure(() => (nodes === 2 ? lost.start() : lost.cutPower()), isOver);
}

function heartbeatBytes(nodes: number): number {
  const world = formed(letters.slice(0, nodes));
  let most = 0;
  world.onSend = (from, _to, { message }) => {
    if (message.kind === "heartbeat") most = Math.max(most, bytesOf(from, message));
    return true;
  };
  world.run(500);
  return most;
}

/** With names of eight letters, as real ones have. */
function bytesOf(from: GroupHost, message: Message): number {
  if (from.incarnation === null) return 0;
  const channel = message.kind === "heartbeat" ? "heartbeat" : "control";
  const sealer = new Sealer({ cluster: "bench", keys, self: named(from.node), incarnation: from.incarnation, channel });
  return sealer.seal(renamed(message)).length;
}

function named(letter: NodeId): NodeId {
  return `server${String(letters.indexOf(letter) + 1).padStart(2, "0")}` as NodeId;
}

function renamed<Value>(value: Value): Value {
  const isLetter = (text: unknown): text is NodeId =>
    typeof text === "string" && text.length === 1 && letters.includes(text);
  return JSON.parse(JSON.stringify(value, (_key, inner: unknown) => (isLetter(inner) ? named(inner) : inner))) as Value;
}

function textOf({ entry, viewChange, heartbeatBytes: beat }: Costs): string {
  const one = (what: string, { messages, bytes, heartbeats, virtualMs, cpuMs }: Cost): string =>
    `${what} ${messages} messages, ${bytes} bytes, ${heartbeats} heartbeats, ${virtualMs.toFixed(1)} ms, CPU ${cpuMs.toFixed(2)} ms`;
  return `${one("entry", entry)}; ${one("view change", viewChange)}; heartbeat ${beat} bytes`;
}

function curves(all: readonly Costs[]): string {
  const line = (name: string, of: (costs: Costs) => number) => ({
    name,
    points: all.map((costs) => [costs.nodes, of(costs)] as const),
  });
  return drawCurves("What it costs, by the number of nodes", "nodes", [
    {
      title: "messages",
      lines: [line("entry", (one) => one.entry.messages), line("view change", (one) => one.viewChange.messages)],
    },
    {
      title: "kilobytes",
      lines: [
        line("entry", (one) => one.entry.bytes / 1_000),
        line("view change", (one) => one.viewChange.bytes / 1_000),
      ],
    },
    {
      title: "simulated ms",
      lines: [line("entry", (one) => one.entry.virtualMs), line("view change", (one) => one.viewChange.virtualMs)],
    },
    {
      title: "heartbeats of one node, kB/s per link",
      lines: [line("every 250 ms", ({ nodes, heartbeatBytes: bytes }) => ((nodes - 1) * bytes) / keepaliveS / 1_000)],
    },
  ]);
}
