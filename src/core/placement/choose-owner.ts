import type { FailoverDomain } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import type { NodeVerdict } from "../../model/snapshot.ts";

/**
 * Where a service should run.
 *
 * A node may run it when nothing speaks against it. Of those, the first by: where it runs already (unless it should return to a
 * better node), one in quarantine after all others, one that a service which must not meet it cannot do without, soft wishes, place in
 * the domain, fewest services, file order. Integers only, and
 * file order breaks every tie, so that every member comes to the same answer. The reasons are part of the answer: `hale why`
 * prints the verdicts that decided, not an account made up afterwards.
 */
export interface PlacementQuestion {
  readonly domain: FailoverDomain;
  /** Every node in file order. */
  readonly candidates: readonly Candidate[];
  /** The node that runs it now, or where it should rather stay; null when none. */
  readonly owner: NodeId | null;
  /** A node to take whenever it may: an operator has named it. */
  readonly wanted: NodeId | null;
}

/** One node, as far as placement cares. */
export interface Candidate {
  readonly node: NodeId;
  /** What speaks against it beside the domain; empty: it may. */
  readonly against: readonly string[];
  /** Services it has now. */
  readonly services: number;
  /** Soft wishes of the service (with, apart) that it would not meet. */
  readonly misfits: number;
  /** It is the only node for another service, one that must not meet this one. */
  readonly isOthersOnly: boolean;
  /** Lost again and again: taken only when no other may. */
  readonly isQuarantined: boolean;
  /** Became available after the service was placed: a failback to it is due. */
  readonly isNew: boolean;
}

/** The answer, with every node's case in order of preference. */
export interface PlacementAnswer {
  readonly chosen: NodeId | null;
  /** Why this one and not the next that may; null: there is no choice. */
  readonly decidedBy: string | null;
  readonly verdicts: readonly NodeVerdict[];
}

/** Decides; see {@link PlacementQuestion}. */
export function chooseOwner(question: PlacementQuestion): PlacementAnswer {
  const ranked = question.candidates
    .map((candidate, position) => rank(question, candidate, position))
    .toSorted(compareRanks);
  const first = ranked[0];
  const chosen = first !== undefined && first.against.length === 0 ? first.node : null;
  const [best, next] = ranked;
  const decidedBy = chosen === null || best === undefined ? null : difference(best, next);
  return { chosen, decidedBy, verdicts: ranked.map((entry) => verdict(question, entry, chosen)) };
}

/**
 * The better node to which the service should return from its owner, or null.
 *
 * Better is a better place in the domain, never mere balance; and only a node that became available since the service was placed:
 * an explicit relocation, or a flight from a failure, is undone by a change of the node and not by the next entry.
 */
export function failbackTarget(question: PlacementQuestion, owner: NodeId): NodeId | null {
  if (!question.domain.failback) return null;
  const placeNow = domainPlace(question.domain, owner) - (question.domain.stickiness ?? 0);
  const misfitsNow = question.candidates.find(({ node }) => node === owner)?.misfits ?? 0;
  const better = question.candidates
    .map((candidate, position) => rank({ ...question, owner: null, wanted: null }, candidate, position))
    .filter((entry) => entry.against.length === 0 && entry.candidate.isNew && !entry.candidate.isQuarantined)
    .filter((entry) => entry.place < placeNow)
    .filter((entry) => entry.candidate.misfits <= misfitsNow)
    .toSorted(compareRanks);
  return better[0]?.node ?? null;
}

interface Rank {
  readonly node: NodeId;
  readonly candidate: Candidate;
  readonly against: readonly string[];
  readonly place: number;
  readonly keys: readonly number[];
}

function rank(question: PlacementQuestion, candidate: Candidate, position: number): Rank {
  const { domain } = question;
  const place = domainPlace(domain, candidate.node);
  const against = [...candidate.against];
  if (!isInside(domain, candidate.node))
    against.unshift(`not in its domain (${domain.nodes.join(", ")}), which is restricted`);
  const keys = [
    against.length === 0 ? 0 : 1,
    candidate.node === question.wanted ? 0 : 1,
    candidate.node === question.owner ? 0 : 1,
    candidate.isQuarantined ? 1 : 0,
    candidate.isOthersOnly ? 1 : 0,
    candidate.misfits,
    place,
    candidate.services,
    position,
  ];
  return { node: candidate.node, candidate, against, place, keys };
}

/** False where a restricted domain does not reach. */
export function isInside(domain: FailoverDomain, node: NodeId): boolean {
  return !domain.restricted || domain.nodes.length === 0 || domain.nodes.includes(node);
}

/** Outside a domain that is not restricted: worse than anything inside. */
const placeOutside = 1_000;

/** 0 is best. With priorities those; ordered: the position; unordered: 0. Without a list all are inside. */
export function domainPlace(domain: FailoverDomain, node: NodeId): number {
  if (domain.nodes.length === 0) return 0;
  const position = domain.nodes.indexOf(node);
  if (position < 0) return placeOutside;
  if (domain.priorities !== undefined) return domain.priorities[node] ?? 0;
  return domain.ordered ? position : 0;
}

function compareRanks(a: Rank, b: Rank): number {
  for (const [i, key] of a.keys.entries()) {
    const difference = key - (b.keys[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** By position in the keys of a rank. */
const advantages = [
  "the only one that may",
  "named by an operator, or the place to go back to",
  "it stays where it runs",
  "the others are in quarantine",
  "the others are the only node of a service that must not meet it",
  "it meets more of its soft wishes",
  "better placed in its domain",
  "it runs fewer services",
  "earlier in the file",
] as const;

function difference(best: Rank, next: Rank | undefined): string {
  if (next === undefined || next.against.length > 0) return advantages[0];
  const position = best.keys.findIndex((key, index) => key !== next.keys[index]);
  return advantages[position] ?? advantages[0];
}

function verdict(question: PlacementQuestion, entry: Rank, chosen: NodeId | null): NodeVerdict {
  const { node } = entry;
  if (entry.against.length > 0)
    return { node, verdict: node === question.owner ? "runs it" : "may not", reasons: entry.against };
  const reasons = forReasons(question, entry);
  if (node === question.owner) return { node, verdict: "runs it", reasons };
  return { node, verdict: node === chosen ? "preferred" : "may", reasons };
}

function forReasons(question: PlacementQuestion, entry: Rank): readonly string[] {
  const { domain } = question;
  const reasons: string[] = [];
  if (entry.node === question.wanted) reasons.push("named by an operator, or the place to go back to");
  if (entry.node === question.owner) reasons.push("it stays where it runs");
  if (domain.nodes.length > 0) {
    if (entry.place === placeOutside) reasons.push("outside its domain, which is not restricted");
    else if (domain.priorities !== undefined) reasons.push(`priority ${entry.place} in its domain`);
    else reasons.push(domain.ordered ? `place ${entry.place + 1} of its domain` : "in its domain");
  }
  if (entry.candidate.isQuarantined) reasons.push("in quarantine, lost again and again: last resort");
  if (entry.candidate.isOthersOnly) reasons.push("the only node for a service that must not meet it");
  if (entry.candidate.misfits > 0) reasons.push(misfitsText(entry.candidate.misfits));
  reasons.push(otherServices(entry.candidate.services));
  return reasons;
}

function misfitsText(count: number): string {
  return count === 1 ? "does not meet a soft wish (with, apart)" : `does not meet ${count} soft wishes (with, apart)`;
}

function otherServices(count: number): string {
  if (count === 0) return "runs no other services";
  return count === 1 ? "runs 1 other service" : `runs ${count} other services`;
}
