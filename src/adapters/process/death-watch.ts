import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ResourceId } from "../../model/ids.ts";
import type { DeathHint } from "../../model/operation.ts";
import { ticksNow } from "./leftovers.ts";
import { makeFolder } from "./make-folder.ts";
import { factsOf, ownAncestors, ownProcesses, type ProcessFacts } from "./proc-table.ts";
import { watchProcess } from "./watch-process.ts";

/**
 * Notices the death of what agents have started, at once.
 *
 * Nobody tells which processes are a resource's: an agent starts something that goes into the background, and ends. But what it leaves behind
 * is new, is in the control group of haled as every child of it, and has been taken over by init, or by another ancestor of haled that stands
 * in for it. These are the *heads* of the resource: nginx's master, not its workers. Their ends are watched.
 *
 * This may take a process for a resource's that is another's, when two are started at one moment. It does not matter: a death told is a
 * question to the agent and no more. See ADR 0052.
 */
export class DeathWatch {
  readonly #folder: string;
  readonly #list: () => readonly number[];
  readonly #resources = new Map<ResourceId, Watched>();
  #tell: (hint: DeathHint) => void = () => undefined;

  /**
   * @param folder of this daemon alone, gone after a boot: where it is written down for the next daemon what to watch
   * @param list among which a start may have left some
   */
  constructor(folder: string, list: () => readonly number[] = ownProcesses) {
    this.#folder = folder;
    this.#list = list;
  }

  /** The agents of one daemon have one ear: who listened before hears no more. */
  listen(tell: (hint: DeathHint) => void): void {
    this.#tell = tell;
  }

  /** A start begins. The returned function is called when it has ended well. */
  starting(resource: ResourceId): () => void {
    const before = new Set(this.#list());
    const since = ticksNow();
    return () => {
      // It may have run before: what was watched of it stays so.
      const watched = this.#resources.get(resource) ?? this.#watched(resource);
      watched.since ??= since;
      this.#watchHeads(resource, watched, { mayBe: (pid) => !before.has(pid), isNew: () => true });
      // Some start a daemon that has not gone its way yet.
      watched.mustLook = watched.processes.size === 0;
    };
  }

  /** Its agent says that it runs. */
  runs(resource: ResourceId): void {
    const watched = this.#resources.get(resource);
    if (watched === undefined) return this.#adopt(resource);
    if (!watched.mustLook || watched.since === null) return;
    watched.mustLook = false;
    const { since } = watched;
    // By now others have been started as well: what is known as theirs is not this one's.
    const known = new Set([...this.#resources.values()].flatMap(({ processes }) => [...processes.keys()]));
    const isNew = ({ startTime }: ProcessFacts): boolean => startTime >= since;
    this.#watchHeads(resource, watched, { mayBe: (pid) => !known.has(pid), isNew });
  }

  /** It is about to be stopped: who ends now has not died. */
  forget(resource: ResourceId): void {
    const watched = this.#resources.get(resource);
    if (watched === undefined) return;
    clearTimeout(watched.later);
    for (const { close } of watched.processes.values()) close();
    this.#resources.delete(resource);
    rmSync(this.#recordOf(resource), { force: true });
  }

  /** Ends all watching; what is on record stays, for the next daemon. */
  close(): void {
    for (const { processes, later } of this.#resources.values()) {
      clearTimeout(later);
      for (const { close } of processes.values()) close();
    }
    this.#resources.clear();
  }

  #watched(resource: ResourceId): Watched {
    const watched: Watched = { since: null, processes: new Map(), mustLook: false, toldAt: Number.NEGATIVE_INFINITY };
    this.#resources.set(resource, watched);
    return watched;
  }

  #watchHeads(resource: ResourceId, watched: Watched, { mayBe, isNew }: Search): void {
    const adopters = ownAncestors();
    const heads: [number, ProcessFacts][] = [];
    for (const pid of this.#list()) {
      const facts = mayBe(pid) ? factsOf(pid) : null;
      if (facts !== null && !facts.isZombie && adopters.has(facts.parent) && isNew(facts)) heads.push([pid, facts]);
    }
    const oldest = heads.sort(([, a], [, b]) => a.startTime - b.startTime).slice(0, headsMax);
    for (const [pid, facts] of oldest) this.#watch(resource, watched, pid, facts);
    this.#record(resource, watched);
  }

  #watch(resource: ResourceId, watched: Watched, pid: number, { name, startTime }: ProcessFacts): void {
    const close = watchProcess(pid, () => {
      watched.processes.delete(pid);
      watched.mustLook = true;
      this.#tellSoon(watched, { resource, what: `process ${pid} (${name})` });
    });
    if (close !== null) watched.processes.set(pid, { startTime, close });
  }

  /** At once; a resource whose processes come and go is not asked about more often than once in a period. */
  #tellSoon(watched: Watched, hint: DeathHint): void {
    clearTimeout(watched.later);
    const waitMs = watched.toldAt + hintPeriodMs - performance.now();
    const tell = (): void => {
      watched.toldAt = performance.now();
      this.#tell(hint);
    };
    if (waitMs <= 0) tell();
    else watched.later = setTimeout(tell, waitMs).unref();
  }

  /** What a daemon before this one has watched. */
  #adopt(resource: ResourceId): void {
    const watched = this.#watched(resource);
    for (const line of readLines(this.#recordOf(resource))) {
      const [pid = 0, startTime] = line.split(" ").map(Number);
      const facts = factsOf(pid);
      if (facts !== null && !facts.isZombie && facts.startTime === startTime)
        this.#watch(resource, watched, pid, facts);
    }
  }

  #record(resource: ResourceId, { processes }: Watched): void {
    if (processes.size === 0) return;
    const lines = [...processes].map(([pid, { startTime }]) => `${pid} ${startTime}`);
    try {
      makeFolder(this.#folder, 0o700);
      writeFileSync(this.#recordOf(resource), lines.join("\n"), { mode: 0o600 });
    } catch {
      // A full tmpfs: only a daemon after this one would miss it, and find a death by its monitors.
    }
  }

  #recordOf(resource: ResourceId): string {
    return join(this.#folder, `${encodeURIComponent(resource).replaceAll("%", "+").slice(0, 200)}.heads`);
  }
}

/** Who has more has workers without a master; the oldest tell enough. */
const headsMax = 8;
const hintPeriodMs = 1_000;

/** Which processes are looked at, and which of them are new. */
interface Search {
  readonly mayBe: (pid: number) => boolean;
  readonly isNew: (facts: ProcessFacts) => boolean;
}

interface Watched {
  /** When its start began, in ticks; null: a daemon before this one has started it. */
  since: number | null;
  readonly processes: Map<number, { readonly startTime: number; readonly close: () => void }>;
  /** Its heads are looked for again when its agent next says that it runs. */
  mustLook: boolean;
  toldAt: number;
  later?: NodeJS.Timeout;
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    // No record: it was not started by hale in this boot, or has no process of its own.
    return [];
  }
}
