import type { Effect } from "../model/effect.ts";
import type { Input } from "../model/input.ts";
import type { NodeId } from "../model/ids.ts";
import type { HeartbeatBody, Message } from "../model/message.ts";
import type { Notification } from "../model/notice.ts";
import type { FenceCall, FenceOutcome, Operation, OperationOutcome } from "../model/operation.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { Answer } from "../model/intent.ts";
import { type InstantMs, never } from "../model/units.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Beater } from "../ports/beater.ts";
import type { ResourceAgent } from "../ports/resource-agent.ts";
import type { ArbiterDiskDesk } from "./arbiter-disk-desk.ts";
import { boundOutcome } from "./bound-outcome.ts";
import type { PacketSealer } from "./codec.ts";
import { daemonLimits } from "./limits.ts";
import type { DaemonPorts } from "./setup.ts";

/** Whom the executor tells. */
export interface ExecutorOwner {
  /** Results come back through the inbox, like everything else. */
  result(input: Input): void;
  /** An agent has answered, or could not be asked. */
  ran(operation: Operation, outcome: OperationOutcome): void;
  event(event: Omit<ClusterEvent, "sequence">): void;
  progress(request: number, text: string): void;
  answer(request: number, answer: Answer): void;
  diskFailed(reason: string): void;
  /** @param removed null: it has left; otherwise what to do, its node has no place in the cluster any more */
  exit(removed: string | null): void;
}

/**
 * Carries out effects, in list order, for one incarnation. Nothing here decides: a safety rule that needs the present instant
 * (`notAfter`) is the one exception, because only the moment of execution knows whether the lease still runs.
 */
export class Executor {
  readonly #ports: DaemonPorts;
  readonly #owner: ExecutorOwner;
  readonly #beater: Beater;
  readonly #datagrams: PacketSealer;
  readonly #streams: PacketSealer;
  readonly #asks: PacketSealer | null;
  readonly #desk: ArbiterDiskDesk | null;
  readonly #agents: ReadonlyMap<string, ResourceAgent>;
  readonly #operations = new Map<number, AbortController>();
  readonly #fences = new Map<number, AbortController>();
  #body: HeartbeatBody | null = null;
  #isBeatFresh = false;
  #isClosed = false;
  /** Why hosts could not be counted, the last time; empty when they could. */
  #reachProblem = "";

  constructor(parts: {
    readonly ports: DaemonPorts;
    readonly owner: ExecutorOwner;
    readonly beater: Beater;
    readonly datagrams: PacketSealer;
    readonly streams: PacketSealer;
    /** For the witness; null without one. */
    readonly asks: PacketSealer | null;
    /** The way to the arbiter disk; null without one. */
    readonly desk: ArbiterDiskDesk | null;
  }) {
    this.#ports = parts.ports;
    this.#owner = parts.owner;
    this.#beater = parts.beater;
    this.#datagrams = parts.datagrams;
    this.#streams = parts.streams;
    this.#asks = parts.asks;
    this.#desk = parts.desk;
    for (const agent of parts.ports.agents) agent.onDeath?.((hint) => this.#result({ kind: "death-hint", hint }));
    parts.ports.warden.onRemoved((removed) => this.#result({ kind: "foreign-address", ...removed }));
    this.#agents = new Map(parts.ports.agents.map((agent) => [agent.kind, agent]));
  }

  execute(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (this.#isClosed) return;
      this.#executeOne(effect);
    }
  }

  /** Tells the beat thread that the loop lives, when the core had nothing new to say since the last time. */
  refreshBeat(): void {
    if (this.#body !== null && !this.#isBeatFresh && !this.#isClosed) this.#beat(this.#body, false);
    this.#isBeatFresh = false;
  }

  /** Ends this incarnation: silent at once, operations and fence calls under way are aborted and their results ignored. */
  close(): Promise<void> {
    this.#isClosed = true;
    const silent = this.#beater.stop();
    for (const running of [...this.#operations.values(), ...this.#fences.values()]) running.abort();
    this.#operations.clear();
    this.#fences.clear();
    this.#desk?.close();
    return silent;
  }

  #executeOne(effect: Effect): void {
    switch (effect.kind) {
      case "persist":
        return this.#persist(effect);
      case "send":
        return this.#send(effect.to, effect.message);
      case "ask-witness":
        return this.#askWitness(effect.message);
      case "beat":
        this.#body = effect.body;
        this.#isBeatFresh = true;
        return this.#beat(effect.body, effect.atOnce);
      case "run":
        return this.#run(effect.operation);
      case "notify":
        return this.#notify(effect.notification);
      case "cancel":
        return this.#operations.get(effect.operation)?.abort();
      case "fence":
        return this.#fence(effect.call, effect.notAfter);
      case "cancel-fence":
        return this.#fences.get(effect.call)?.abort();
      case "count-reach":
        return this.#countReach(effect);
      case "probe-port":
        return this.#probe(effect.node);
      case "arm-watchdog":
        return this.#armWatchdog(effect);
      case "feed-watchdog":
        return this.#feedWatchdog(effect.notAfter);
      case "disarm-watchdog": {
        const problem = this.#ports.watchdog.disarm();
        if (problem !== null) this.#ports.log.write("error", `cannot stop the watchdog: ${problem}`);
        return undefined;
      }
      case "announce":
        return this.#ports.announcer.announce(effect.address);
      case "keep-away":
        return this.#ports.warden.keepAway(effect.addresses);
      case "progress":
        return this.#owner.progress(effect.request, effect.text);
      case "answer":
        return this.#owner.answer(effect.request, effect.answer);
      case "event":
        return this.#owner.event(effect.event);
      case "exit":
        return this.#owner.exit(effect.removed ?? null);
      default:
        return unreachable(effect);
    }
  }

  #persist({ write, records, isRewrite }: Extract<Effect, { kind: "persist" }>): void {
    const { journal } = this.#ports;
    (isRewrite === true ? journal.rewrite(records) : journal.append(records)).then(
      () => this.#result({ kind: "persisted", write }),
      (error: unknown) => {
        if (!this.#isClosed) this.#owner.diskFailed(reasonOf(error));
      },
    );
  }

  #send(to: NodeId, message: Message): void {
    const datagram = this.#datagrams.seal(message, to);
    if (datagram.length <= daemonLimits.datagramBytesMax) this.#ports.transport.sendDatagram(to, datagram);
    else this.#ports.transport.sendStream(to, this.#streams.seal(message));
  }

  #askWitness(message: Extract<Effect, { kind: "ask-witness" }>["message"]): void {
    const { witness } = this.#ports;
    this.#desk?.ask(message);
    if (witness !== undefined && this.#asks !== null) witness.send(this.#asks.seal(message));
  }

  #beat(body: HeartbeatBody, atOnce: boolean): void {
    this.#beater.set(body, atOnce);
  }

  #run(operation: Operation): void {
    const ended = (outcome: OperationOutcome): void => {
      this.#owner.ran(operation, outcome);
      this.#finish(operation.id, outcome);
    };
    const agent = this.#agents.get(operation.resource.kind);
    if (agent === undefined)
      return ended(notDone("failed", "hard", `no agent for resources of kind "${operation.resource.kind}"`));
    if (operation.action === "start" && this.#ports.clock.now() >= operation.notAfter)
      return ended(notDone("refused", "none", "the lease had run out"));
    this.#await(operation.id, (signal) => agent.run(operation, signal), ended);
  }

  #notify(notification: Notification): void {
    const { id, resource } = notification;
    const ended = (outcome: OperationOutcome): void => this.#finish(id, outcome);
    const agent = this.#agents.get(resource.kind);
    const tell = agent?.notify?.bind(agent);
    if (tell === undefined)
      return ended(notDone("failed", "hard", `no resource of kind "${resource.kind}" can be told anything`));
    this.#await(id, (signal) => tell(notification, signal), ended);
  }

  #await(
    id: number,
    call: (signal: AbortSignal) => Promise<OperationOutcome>,
    ended: (outcome: OperationOutcome) => void,
  ): void {
    const abort = new AbortController();
    this.#operations.set(id, abort);
    call(abort.signal).then(
      (outcome) => ended(boundOutcome(outcome)),
      // The port promises not to reject. An agent that does has told nothing about the resource.
      (error: unknown) => ended(notDone("failed", "soft", `agent broke: ${reasonOf(error)}`)),
    );
  }

  #finish(operation: number, outcome: OperationOutcome): void {
    this.#operations.delete(operation);
    this.#result({ kind: "operation-result", operation, outcome });
  }

  #fence(call: FenceCall, notAfter: InstantMs = never): void {
    if (this.#ports.clock.now() >= notAfter) {
      const outcome = { confirmed: false, reason: "the lease had run out", output: "", durationMs: 0 };
      return this.#result({ kind: "fence-result", call: call.id, outcome });
    }
    const abort = new AbortController();
    this.#fences.set(call.id, abort);
    const finish = (outcome: FenceOutcome): void => {
      this.#fences.delete(call.id);
      this.#result({ kind: "fence-result", call: call.id, outcome: boundOutcome(outcome) });
    };
    this.#ports.fence.run(call, abort.signal).then(finish, (error: unknown) => {
      // The port promises not to reject. A driver that does has confirmed nothing.
      finish({ confirmed: false, reason: `driver broke: ${reasonOf(error)}`, output: "", durationMs: 0 });
    });
  }

  #countReach({ call, hosts, timeoutMs }: Extract<Effect, { kind: "count-reach" }>): void {
    const told = (reached: number, problem: string): void => {
      // It is asked twice a second: only what is new is worth a line.
      if (problem !== this.#reachProblem && problem !== "")
        this.#ports.log.write("error", `cannot count the hosts of the reachlist: ${problem}`);
      this.#reachProblem = problem;
      this.#result({ kind: "reach-counted", call, reached });
    };
    this.#ports.reach.count(hosts, timeoutMs).then(
      (reached) => told(reached, ""),
      (error: unknown) => told(0, reasonOf(error)),
    );
  }

  /** A turn later: to connect costs as much as ten packets, and those of a takeover should not wait for it. */
  #probe(node: NodeId): void {
    const { clock } = this.#ports;
    clock.wakeAt(clock.now(), () => this.#probeNow(node));
  }

  #probeNow(node: NodeId): void {
    if (this.#isClosed) return;
    this.#ports.transport.probe(node, daemonLimits.portProbeMs).then(
      (state) => this.#result({ kind: "port-state", node, state }),
      () => this.#result({ kind: "port-state", node, state: "silent" }),
    );
  }

  #armWatchdog({ call, device, timeoutMs, notAfter }: Extract<Effect, { kind: "arm-watchdog" }>): void {
    const isLate = this.#ports.clock.now() >= notAfter;
    const outcome = isLate
      ? { ok: false as const, reason: "the lease had run out", isLate: true as const }
      : this.#ports.watchdog.arm(device, timeoutMs);
    this.#result({ kind: "watchdog-result", call, outcome });
  }

  #feedWatchdog(notAfter: InstantMs): void {
    if (this.#ports.clock.now() >= notAfter) return;
    const problem = this.#ports.watchdog.feed();
    if (problem !== null) this.#ports.log.write("error", `cannot feed the watchdog: ${problem}`);
  }

  #result(input: Input): void {
    if (!this.#isClosed) this.#owner.result(input);
  }
}

function notDone(
  status: "failed" | "refused",
  severity: OperationOutcome["severity"],
  reason: string,
): OperationOutcome {
  return { status, severity, reason, output: "", durationMs: 0 };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
