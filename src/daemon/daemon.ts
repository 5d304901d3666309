import type { CoreState, CoreStep } from "../core/step.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { DiskRecord, DiskState } from "../model/disk.ts";
import { ClusterError } from "../model/errors.ts";
import type { ServiceId } from "../model/ids.ts";
import { makeIncarnation, type Incarnation } from "../model/incarnation.ts";
import type { Input, Moment } from "../model/input.ts";
import type { Answer, Intent } from "../model/intent.ts";
import type { Preview } from "../model/preview.ts";
import type { FenceReport, Snapshot, Why } from "../model/snapshot.ts";
import type { Roster } from "../model/roster.ts";
import type { InstantMs } from "../model/units.ts";
import type { Beater } from "../ports/beater.ts";
import type { Control } from "../ports/control.ts";
import type { JournalContent } from "../ports/journal.ts";
import type { ReceivedBytes } from "../ports/transport.ts";
import { AddressBook } from "./address-book.ts";
import { ArbiterDiskDesk } from "./arbiter-disk-desk.ts";
import { awaitedAnswer } from "./awaited-answer.ts";
import { DecisionMemory } from "./decision-memory.ts";
import { EventRing } from "./event-ring.ts";
import { RunMemory } from "./run-memory.ts";
import { Executor } from "./executor.ts";
import { Intake } from "./intake.ts";
import { coreRules } from "./core-rules.ts";
import { LinkTable } from "./link-table.ts";
import { restartNeeded } from "./network-changes.ts";
import { readDisk } from "./read-disk.ts";
import { Requests, type Waiter } from "./requests.ts";
import type { DaemonEnd, DaemonSetup, ReadConfig, Rules } from "./setup.ts";
import { Ticker } from "./ticker.ts";

/** One run of a daemon, or one of several when the group remembers a later one. */
interface Life {
  readonly disk: DiskState;
  readonly incarnation: Incarnation;
  readonly beater: Beater;
}

/**
 * One node's daemon: an inbox, a loop that gives the core one input at a time, and an executor for what the core asks.
 *
 * Every wait is a callback on a port's promise and never an `await`, so that under the simulator, whose promises settle at
 * once, a whole cluster runs synchronously on virtual time.
 */
export class Daemon implements Control {
  readonly #setup: DaemonSetup;
  readonly #rules: Rules;
  readonly #intake: Intake;
  readonly #events = new EventRing();
  readonly #decisions = new DecisionMemory();
  readonly #runs = new RunMemory();
  readonly #requests: Requests;
  readonly #links: LinkTable;
  readonly #ticker: Ticker;
  #core: CoreState | null = null;
  #config: ClusterConfig;
  #fileDigest: string;
  #executor: Executor | null = null;
  #incarnation: Incarnation | null = null;
  #beater: Beater | null = null;
  /** Entries up to this one were decided before this start, and told then. */
  #toldBefore = 0;
  #roster: Roster | null = null;
  readonly #addresses: AddressBook;
  #isRestarting = false;
  #isEnding = false;

  constructor(setup: DaemonSetup) {
    this.#setup = setup;
    this.#rules = setup.rules ?? coreRules;
    this.#config = setup.config;
    this.#fileDigest = setup.configDigest;
    this.#requests = new Requests(setup.ports.clock);
    this.#links = new LinkTable(setup.self);
    this.#links.configure(setup.config);
    this.#intake = new Intake({
      setup,
      links: this.#links,
      isOpen: () => this.#core !== null && !this.#isRestarting,
      take: (input) => this.#step(input),
    });
    this.#addresses = new AddressBook(setup.self);
    this.#ticker = new Ticker(setup.ports.clock, {
      keepaliveMs: () => this.#config.heartbeat.keepaliveMs,
      // What is urgent has instants of its own. The beat thread falls silent after half a deadtime without a word: a third of that.
      tickEveryMs: () => Math.min(this.#config.heartbeat.keepaliveMs, this.#config.heartbeat.deadtimeMs / 6),
      tick: (now) => this.#tick(now),
      wasAway: (lateMs) => this.#own("warning", `the loop was away for ${Math.round(lateMs)} ms`),
    });
  }

  /** The present life's name; null before the boot record is on disk. */
  get incarnation(): Incarnation | null {
    return this.#incarnation;
  }

  /**
   * Reads the disk, writes down the new boot, then begins to listen and to speak.
   *
   * @returns after the first step. Rejects when the disk or the network cannot be used; the daemon is then ended.
   */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (what: string) => (error: unknown) => {
        reject(error instanceof Error ? error : new Error(String(error)));
        // What is meant for people says itself what could not be done.
        const reason =
          error instanceof ClusterError ? error.message.replaceAll(/\s*\n\s*/g, " ") : `${what}: ${textOf(error)}`;
        this.#end("failed", reason);
      };
      const { journal, endLeftovers } = this.#setup.ports;
      const open = (life: Life): void => {
        const begin = (): void => {
          this.#begin(life);
          resolve();
        };
        // Not before it can be heard: a port that is open in the silence is one of a daemon that stands still.
        life.beater.ready().then(() => {
          // oxlint-disable-next-line promise/no-callback-in-promise, promise/catch-or-return -- waiting is a callback here, see above
          if (!this.#isEnding) this.#openNetwork().then(begin, fail("Cannot open the network"));
        }, fail("Cannot send heartbeats"));
      };
      const boot = (content: JournalContent): void => this.#boot(content, open, fail("Cannot write the boot record"));
      const load = (content: JournalContent): void => {
        if (endLeftovers === undefined) return boot(content);
        const next = (ended: readonly string[]): void => {
          for (const what of ended) this.#own("warning", `ended what an earlier daemon had left under way: ${what}`);
          boot(content);
        };
        // oxlint-disable-next-line promise/no-callback-in-promise -- waiting is a callback here, see above
        endLeftovers().then(next, fail("Cannot end what an earlier daemon left under way"));
      };
      journal.load().then(load, fail("Cannot open the journal"));
    });
  }

  /** Stop in order: services first, then leave the group; `onEnd` tells when it is done. */
  shutdown(): void {
    this.#intake.add({ kind: "shutdown" });
  }

  /** Ends now, without leaving: services go on as they are, the others see a lost daemon. */
  abandon(reason: string): void {
    this.#end("failed", reason);
  }

  snapshot(): Snapshot {
    const moment = this.#moment();
    const state = this.#startedCore();
    const core = this.#rules.snapshotOf(state, moment);
    const warnings = [...core.warnings, ...this.#links.warnings()];
    const refused = this.#intake.warning(moment.now);
    if (refused !== null) warnings.push(refused);
    const restart = restartNeeded(this.#setup.config, this.#rules.configOf(state));
    if (restart !== null) warnings.push(restart);
    return {
      ...core,
      config: { ...core.config, fileDigest: this.#fileDigest },
      nodes: core.nodes.map((node) => ({ ...node, links: this.#links.of(node.node, moment.now) })),
      warnings,
      dropped: this.#intake.dropped(),
      network: this.#setup.ports.transport.counters(),
    };
  }

  config(): ClusterConfig {
    return this.#config;
  }

  why(service: ServiceId): Why | null {
    const why = this.#rules.whyOf(this.#startedCore(), service, this.#moment());
    if (why === null) return null;
    return { ...why, history: this.#decisions.recall(service, why.history), runs: this.#runs.of(service) };
  }

  fences(): readonly FenceReport[] {
    return this.#rules.fencesOf(this.#startedCore());
  }

  submit(intent: Intent, author: string, progress: (text: string) => void, signal: AbortSignal): Promise<Answer> {
    return awaitedAnswer(signal, (done) => this.request(intent, author, { progress, done }));
  }

  /** As `submit`, with callbacks. The returned function gives up waiting, not the intent. */
  request(intent: Intent, author: string, waiter: Waiter): () => void {
    const refusal = this.#refusalOf(intent);
    if (refusal !== null) {
      waiter.done({ ok: false, code: "NOT_ALLOWED", text: refusal });
      return () => undefined;
    }
    return this.#ask(waiter, (request) => ({ kind: "intent", request, intent, author }));
  }

  reload(author: string, signal: AbortSignal): Promise<Answer> {
    return awaitedAnswer(signal, (done, fail) => {
      let forget = (): void => undefined;
      this.#setup.readConfig().then(
        (read) => {
          if (signal.aborted) return;
          if (read.ok) this.#fileDigest = read.digest;
          forget = this.#propose(read, author, { progress: () => undefined, done });
        },
        (error: unknown) => fail(error instanceof Error ? error : new Error(String(error))),
      );
      return () => forget();
    });
  }

  apply(text: string, author: string, signal: AbortSignal): Promise<Answer> {
    return awaitedAnswer(signal, (done, fail) => {
      const read = this.#setup.parseConfig(text);
      const agreed = (answer: Answer): void => {
        if (!answer.ok || !read.ok) return done(answer);
        this.#keepConfig(text, read.digest).then((note) => {
          // oxlint-disable-next-line promise/no-callback-in-promise -- waiting is a callback here, see above
          done({ ...answer, text: `${answer.text}; ${note}` });
        }, fail);
      };
      this.#propose(read, author, { progress: () => undefined, done: agreed });
      // Whoever waits no more has changed nothing in what is in force, so the file follows it all the same.
      return () => undefined;
    });
  }

  preview(intent: Intent, author: string): Preview {
    const refusal = this.#refusalOf(intent);
    if (refusal !== null) return { ok: false, code: "NOT_ALLOWED", text: refusal };
    return this.#rules.previewOf(this.#startedCore(), { kind: "intent", intent }, author, this.#moment());
  }

  async previewReload(author: string): Promise<Preview> {
    return this.#previewOf(await this.#setup.readConfig(), author);
  }

  previewApply(text: string, author: string): Preview {
    return this.#previewOf(this.#setup.parseConfig(text), author);
  }

  #previewOf(read: ReadConfig, author: string): Preview {
    if (!read.ok) return { ok: false, code: read.code ?? "CONFIG_INVALID", text: read.errors.join("\n") };
    const { config, digest } = read;
    return this.#rules.previewOf(this.#startedCore(), { kind: "config", config, digest }, author, this.#moment());
  }

  events(after: number): readonly ClusterEvent[] {
    return this.#events.since(after);
  }

  onEvent(listener: (event: ClusterEvent) => void): () => void {
    return this.#events.listen(listener);
  }

  // --- start, restart, end ---

  #boot(content: JournalContent, next: (life: Life) => void, fail: (error: unknown) => void): void {
    const found = readDisk(content, this.#rules);
    const { journal } = this.#setup.ports;
    const disk: DiskState = { ...found.disk, boot: found.disk.boot + 1 };
    const record: DiskRecord = { kind: "boot", boot: disk.boot };
    if (found.damage !== null)
      this.#own("error", `journal damaged, this node starts without its history: ${found.damage}`);
    const written = found.damage === null ? journal.append([record]) : journal.rewrite([record]);
    written.then(() => {
      // oxlint-disable-next-line promise/no-callback-in-promise -- waiting is a callback here, see above
      if (!this.#isEnding) next(this.#newLife(disk));
    }, fail);
  }

  #openNetwork(): Promise<void> {
    const { transport, witness } = this.#setup.ports;
    const receive = (received: ReceivedBytes): void => this.#intake.receive(received);
    const opened = transport.open(receive);
    return witness === undefined ? opened : opened.then(() => witness.open(receive));
  }

  /** An incarnation on `disk`, whose last boot record names it. It says nothing before it begins. */
  #newLife(disk: DiskState): Life {
    const startedAt = this.#moment().wall;
    const incarnation = makeIncarnation({ boot: disk.boot, startedAt, random: this.#setup.seed() });
    this.#incarnation = incarnation;
    this.#beater = this.#setup.ports.makeBeater(incarnation);
    // Made for the nodes of the file: in a later life there may be others by now.
    if (this.#roster !== null) this.#beater.usePeers(this.#addresses.of(this.#roster.nodes));
    return { disk, incarnation, beater: this.#beater };
  }

  #begin({ disk, incarnation, beater }: Life): void {
    if (this.#isEnding) return;
    const { setup, moment } = { setup: this.#setup, moment: this.#moment() };
    this.#toldBefore = disk.committed;
    this.#executor = new Executor({
      ports: setup.ports,
      beater,
      datagrams: setup.makeSealer(incarnation, "control"),
      streams: setup.makeSealer(incarnation, "stream"),
      asks: setup.ports.witness === undefined ? null : setup.makeSealer(incarnation, "witness"),
      desk: this.#openDesk(incarnation),
      owner: {
        result: (input) => this.#intake.add(input),
        ran: (operation, outcome) => this.#runs.add(operation, outcome, this.#moment().wall),
        event: (event) => this.#tell(event),
        progress: (request, text) => this.#requests.progress(request, text),
        answer: (request, answer) => this.#requests.answer(request, answer),
        diskFailed: (reason) => this.#end("failed", `Cannot write the journal: ${reason}`),
        exit: (removed) => (removed === null ? this.#end("left", "left the cluster") : this.#end("removed", removed)),
      },
    });
    const { self, configDigest, version } = setup;
    const boot = { self, incarnation, config: this.#config, configDigest, disk, seed: setup.seed(), version };
    this.#isRestarting = false;
    this.#ticker.start();
    this.#took(this.#rules.startCore(boot, moment));
    this.#intake.goOn();
  }

  #openDesk(incarnation: Incarnation): ArbiterDiskDesk | null {
    const { ports, config, self } = this.#setup;
    if (ports.arbiterDisk === undefined) return null;
    return new ArbiterDiskDesk({
      disk: ports.arbiterDisk,
      clock: ports.clock,
      self,
      incarnation,
      cluster: config.cluster,
      deadtimeMs: config.heartbeat.deadtimeMs,
      answered: (packet) => this.#intake.add({ kind: "packet", packet, arrivedAt: ports.clock.now() }),
      heard: (node) => {
        this.#links.heard(node, "disk", ports.clock.now());
        this.#intake.add({ kind: "seen-on-disk", node });
      },
      troubled: (reason) =>
        this.#own(reason === null ? "info" : "warning", `arbiter disk: ${reason ?? "answers again"}`),
    });
  }

  /** The group remembers a later life of this node than its disk does: it must call itself younger than that one. */
  #restartAbove(boot: number): void {
    this.#isRestarting = true;
    this.#ticker.stop();
    this.#own("warning", `boot counter raised above ${boot}: the group remembers a later life of this node`);
    // Nothing is being written now, or the core would not ask for this.
    const disk: DiskState = { ...this.#rules.diskOf(this.#startedCore()), boot: boot + 1 };
    const record: DiskRecord = { kind: "boot", boot: disk.boot };
    const silent = this.#executor?.close() ?? Promise.resolve();
    const written = this.#setup.ports.journal.append([record]);
    const fail = (error: unknown): void => this.#end("failed", `Cannot write the journal: ${String(error)}`);
    const begin = (): void => {
      if (this.#isEnding) return;
      const life = this.#newLife(disk);
      life.beater.ready().then(() => this.#begin(life), fail);
    };
    silent.then(() => written.then(begin, fail), fail);
  }

  #end(kind: DaemonEnd["kind"], reason: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#intake.close();
    // Silent first: whatever else takes its time, the others must not believe that this node is still taking part.
    const silent = this.#executor?.close() ?? this.#beater?.stop();
    if (kind !== "left") this.#own("error", `daemon ends: ${reason}`);
    this.#ticker.stop();
    const text = kind === "left" ? "The daemon has left the cluster" : `The daemon has ended: ${reason}`;
    this.#requests.answerAll({ ok: false, code: "NOT_REACHED", text });
    const { transport, journal, agents, witness, arbiterDisk } = this.#setup.ports;
    const closing = [
      ...(witness === undefined ? [] : [witness.close()]),
      ...(arbiterDisk === undefined ? [] : [arbiterDisk.close()]),
      transport.close(),
      journal.close(),
      ...agents.map((agent) => agent.close()),
    ];
    if (silent !== undefined) closing.push(silent);
    // Whether or not closing works, the process is about to go; what is left open, the kernel closes.
    let open = closing.length;
    const closed = (): void => {
      open -= 1;
      if (open === 0) this.#setup.onEnd({ kind, reason });
    };
    for (const part of closing) part.then(closed, closed);
  }

  // --- loop ---

  #step(input: Input): void {
    const core = this.#core;
    if (core !== null) this.#took(this.#rules.stepCore(core, input, this.#moment()));
  }

  /** Takes over the new state before carrying out the effects: a port may call back at once. */
  #took(step: CoreStep): void {
    if (this.#core !== null) this.#decisions.add(this.#rules.decisionsOf(this.#core, step.state));
    this.#core = step.state;
    const roster = this.#rules.rosterOf(step.state);
    if (roster !== this.#roster) this.#followRoster(roster);
    if (step.effects.length > 0) this.#executor?.execute(step.effects);
    this.#ticker.wakeAt(step.wakeAt);
  }

  #tick(now: InstantMs): void {
    this.#step({ kind: "tick" });
    // After the step: that the core still thinks is what the beat thread must be told, not that a timer rang.
    this.#executor?.refreshBeat();
    const core = this.#core;
    if (core === null || this.#isEnding) return;
    this.#followConfig(core);
    for (const change of this.#links.check(this.#config, now)) this.#tell({ ...change, at: this.#moment().wall });
    const above = this.#rules.bootAboveOf(core);
    if (above !== null && !this.#isRestarting) this.#restartAbove(above);
  }

  /** Nodes have come or gone: they are heard, believed and spoken to from now on, or no more. */
  #followRoster(roster: Roster): void {
    this.#roster = roster;
    const { ports, opener } = this.#setup;
    const nodes = this.#addresses.take(roster.nodes);
    const known = [...nodes, ...roster.removed.filter(({ addresses }) => addresses.length > 0)];
    opener.useNodes([this.#setup.self, ...known.map(({ id }) => id)]);
    ports.transport.usePeers(known);
    this.#beater?.usePeers(nodes);
  }

  #followConfig(core: CoreState): void {
    const config = this.#rules.configOf(core);
    if (config === this.#config) return;
    const restart = restartNeeded(this.#setup.config, config);
    if (restart !== null) this.#own("warning", `the configuration has changed: ${restart}`);
    this.#config = config;
    this.#links.configure(config);
  }

  // --- control ---

  /** [GRP-95] Nobody confirms that a node is off while this one sees it write. */
  #refusalOf(intent: Intent): string | null {
    if (intent.kind !== "confirm-off-node") return null;
    if (!this.#links.isOnDisk(intent.node, this.#config, this.#setup.ports.clock.now())) return null;
    return `Cannot confirm that node "${intent.node}" is off: it writes to the arbiter disk, so it runs; switch it off first`;
  }

  #ask(waiter: Waiter, input: (request: number) => Input): () => void {
    if (this.#isEnding || this.#core === null) {
      waiter.done({ ok: false, code: "NOT_REACHED", text: "The daemon is not running" });
      return () => undefined;
    }
    const request = this.#requests.open(waiter);
    if (request === null) return () => undefined;
    this.#intake.add(input(request));
    return () => this.#requests.forget(request);
  }

  #propose(read: ReadConfig, author: string, waiter: Waiter): () => void {
    if (!read.ok) {
      waiter.done({ ok: false, code: read.code ?? "CONFIG_INVALID", text: read.errors.join("\n") });
      return () => undefined;
    }
    const { config, digest, note } = read;
    if (note !== undefined) this.#own("info", note);
    const restart = restartNeeded(this.#setup.config, config);
    const done = (answer: Answer): void =>
      waiter.done({ ...answer, text: [answer.text, note, restart].filter(Boolean).join("; ") });
    return this.#ask({ ...waiter, done }, (request) => ({ kind: "config", request, config, digest, author }));
  }

  /** @returns what became of it, for the answer */
  async #keepConfig(text: string, digest: string): Promise<string> {
    try {
      await this.#setup.keepConfig(text);
    } catch (error) {
      const todo =
        "it is in force; write the file by hand, or the node starts anew with the old one where nobody tells it better";
      this.#own("error", `Cannot write the configuration file: ${textOf(error)}; ${todo}`);
      return `but the file of this node could not be written: ${textOf(error)}`;
    }
    this.#fileDigest = digest;
    return "it is the file of this node, too; copy it to the others";
  }

  #startedCore(): CoreState {
    if (this.#core === null) throw new Error("Cannot tell the state: the daemon has not started yet");
    return this.#core;
  }

  #own(level: ClusterEvent["level"], text: string): void {
    this.#tell({ at: this.#moment().wall, node: this.#setup.self, level, text });
  }

  #tell(event: Omit<ClusterEvent, "sequence">): void {
    const { level, text, node, service, entry } = this.#events.add(event);
    // `hale events` shows the history with its times; a log would show it as if it had happened now.
    const isHistory = entry !== undefined && entry <= this.#toldBefore;
    this.#setup.ports.log.write(isHistory ? "debug" : level, text, { node, service, entry });
  }

  #moment(): Moment {
    const { clock } = this.#setup.ports;
    return { now: clock.now(), wall: clock.wall(), zoneMs: clock.zoneMs?.() ?? 0 };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
