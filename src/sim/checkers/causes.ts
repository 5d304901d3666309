import type { ServiceConfig } from "../../model/cluster-config.ts";
import { isWitness, type NodeId, type ServiceId } from "../../model/ids.ts";
import { simDisk } from "../sim-arbiter-disk.ts";
import { simWitness } from "../sim-witness.ts";
import type { Bench, Disturbance } from "./checker.ts";
import { relatedTo } from "./relations.ts";

/** Whoever was disturbed and is a member in order again may cause something for so long. */
const nodeAfterMs = 10_000;
/** Failures of a service itself are tried again with a back-off of up to a minute. */
const serviceAfterMs = 75_000;

/** A disturbance, and what has followed from it. */
interface Cause extends Disturbance {
  /** The fault itself is over; what it did to its nodes may not be. */
  isPast: boolean;
  /** Since when its nodes are members in order again; null before. */
  overSinceMs: number | null;
  /** Services that were started because of it: each once. */
  readonly started: Set<ServiceId>;
}

/** What may have consequences at present. A cause lasts until those it hit are members in order again, and a little longer. */
export class Causes {
  /** Of each service, the node that was last told to start it. */
  readonly owners = new Map<ServiceId, NodeId>();
  readonly #bench: Bench;
  readonly #lasting: () => readonly Disturbance[];
  #causes: Cause[] = [];
  /** When somebody was last hit again who was just being taken in. */
  #hitAgainAtMs: number | null = null;

  /** @param lasting what goes on at this instant */
  constructor(bench: Bench, lasting: () => readonly Disturbance[]) {
    this.#bench = bench;
    this.#lasting = lasting;
  }

  /** Something hits its nodes anew: no mere consequence, nor an end. */
  begin(disturbance: Disturbance): void {
    const hit = this.hit();
    const { truth } = this.#bench;
    const isBeingTakenIn = (node: NodeId): boolean => truth.nodes.get(node)?.body?.status === "promised";
    if (disturbance.nodes.some((node) => hit.has(node) && isBeingTakenIn(node))) this.#hitAgainAtMs = this.#bench.now();
    this.add(disturbance);
  }

  add(disturbance: Disturbance): void {
    const isPast = disturbance.isLasting !== true;
    this.#causes.push({ ...disturbance, isPast, overSinceMs: null, started: new Set() });
  }

  /** Brings everything up to now. */
  refresh(): void {
    const now = this.#bench.now();
    const present = this.#lasting();
    // What goes on may move a service away, and its end may bring it back.
    for (const cause of this.#causes) {
      if (cause.isPast || present.some(({ text }) => text === cause.text)) continue;
      cause.isPast = true;
      this.add({ text: `end of ${cause.text}`, nodes: cause.atEnd ?? cause.nodes });
    }
    for (const each of present) {
      if (!this.#causes.some(({ text, isPast }) => text === each.text && !isPast))
        this.begin({ ...each, isLasting: true });
    }
    for (const cause of this.#causes) {
      const isOver = cause.isPast && cause.nodes.every((node) => this.#isSettled(node));
      cause.overSinceMs = isOver ? (cause.overSinceMs ?? now) : null;
    }
    this.#causes = this.#causes.filter((cause) => {
      const afterMs = cause.service === undefined ? nodeAfterMs : serviceAfterMs;
      const isRecent = cause.overSinceMs === null || now - cause.overSinceMs <= afterMs;
      return isRecent || this.#isAwaited(cause) || this.#isStuck(cause);
    });
  }

  /** Everybody that was hit. */
  hit(): ReadonlySet<NodeId> {
    return new Set(this.#causes.flatMap(({ nodes }) => nodes));
  }

  /** One node had two faults: it was hit, had promised the view that takes it back in, and was hit again, at `sinceMs` or later. */
  isHitAgainSince(sinceMs: number): boolean {
    return this.#hitAgainAtMs !== null && this.#hitAgainAtMs >= sinceMs;
  }

  /** Those who were not hit could not be quorate by themselves. */
  isQuorumHit(): boolean {
    const { truth, config } = this.#bench;
    if (config.quorum.kind === "fencing") return false;
    const hit = this.hit();
    const isThirdHit = hit.has(simWitness) || hit.has(simDisk);
    const voters = truth.electorate();
    const left = voters.filter((voter) => (isWitness(voter) ? !isThirdHit : !hit.has(voter)));
    return left.length * 2 <= voters.length;
  }

  /** Takes the cause for one start of `service`: it has hit that, or something that has to do with it. @returns false when there is none left */
  spend(service: ServiceId, nodes: readonly NodeId[]): boolean {
    const own = this.#causes.find((cause) => isCause(cause, service, nodes));
    const found =
      own ??
      this.#causes.find((cause) => !cause.started.has(service) && this.#hitsRelated(cause, service)) ??
      (this.isQuorumHit() ? this.#causes.find(({ started }) => !started.has(service)) : undefined);
    found?.started.add(service);
    return found !== undefined;
  }

  text(): string {
    return this.#causes.map(({ text }) => text).join(", ") || "nothing";
  }

  #hitsRelated(cause: Cause, service: ServiceId): boolean {
    const { services } = this.#bench.config;
    const config = services.find(({ id }) => id === service);
    if (config === undefined) return false;
    return relatedTo(services, config).some((other) => {
      if (cause.service !== undefined) return isMeant(cause.service, other.id);
      const owner = this.owners.get(other.id);
      const places = [...(owner === undefined ? [] : [owner]), ...betterPlaces(other)];
      return other.id !== service && cause.nodes.some((node) => places.includes(node));
    });
  }

  #isSettled(node: NodeId): boolean {
    const { truth } = this.#bench;
    if (!truth.nodes.has(node)) return true;
    const { hasDaemon, isPaused, body } = truth.of(node);
    return hasDaemon && !isPaused && body?.status === "active" && body.members.includes(node);
  }

  /**
   * A service that it has stopped, or moves, is not started yet: it may be slow, and whoever else was lost may have to be waited for. Who takes the quorum along
   * stops those of others.
   */
  #isAwaited(cause: Cause): boolean {
    const { truth, config } = this.#bench;
    return config.services.some((service) => {
      const owner = this.owners.get(service.id);
      if (owner === undefined || config.nodes.some(({ id }) => truth.isStarted(id, service))) return false;
      return isCause(cause, service.id, [owner, ...betterPlaces(service)]) || this.isQuorumHit();
    });
  }

  #isStuck({ nodes, stuck }: Cause): boolean {
    const { truth } = this.#bench;
    const service = stuck === undefined ? undefined : truth.service(stuck);
    return service !== undefined && nodes.some((node) => truth.isActive(node, service));
  }
}

/** Where a service goes back to. */
export function betterPlaces({ domain }: ServiceConfig): readonly NodeId[] {
  return domain.failback ? domain.nodes : [];
}

/** Who names a clone means all of its instances. */
function isMeant(named: ServiceId, service: ServiceId): boolean {
  return named === service || service.startsWith(`${named}@`);
}

function isCause(cause: Cause, service: ServiceId, nodes: readonly NodeId[]): boolean {
  if (cause.started.has(service)) return false;
  if (cause.service !== undefined) return isMeant(cause.service, service);
  return cause.nodes.some((node) => nodes.includes(node));
}
