import type { NodeId } from "../../model/ids.ts";
import { intentWords } from "../../model/intent-words.ts";
import type { WhyRule } from "../../model/snapshot.ts";
import type { PlacementAnswer } from "../placement/choose-owner.ts";
import { awaitedBy, stoppedFirst } from "./after.ts";
import { type ClusterState, definitionOf } from "./cluster-state.ts";
import { blockersOf } from "./eligibility.ts";
import { failbackPlace } from "./failback.ts";
import { frozenText, thawCommand } from "./frozen.ts";
import { awaitedNode } from "./node-shutdown.ts";
import { scheduledFor, timeText } from "./schedule.ts";
import { isWanted, phaseNode, phaseText, type ServiceRecord } from "./service-record.ts";

/**
 * The rules in the order in which they are asked, each with what it says of the service now. The first that is not met is why it does not run.
 *
 * @param answer placement's, to the question as it stands
 */
export function whyRules(state: ClusterState, record: ServiceRecord, answer: PlacementAnswer): readonly WhyRule[] {
  const node = phaseNode(record.phase);
  const rules = [frozenRule(state, record), wantedRule(state, record)];
  if (node === null) {
    if (isWanted(record)) rules.push(knownRule(state, record), awaitedRule(state, record), placeRule(answer));
  } else rules.push(hereRule(state, record, node), ...stayRules(state, record, node, answer));
  return [...rules, ...scheduleRules(state, record)];
}

/** What will become of it, and who wants that. */
function scheduleRules(state: ClusterState, { service }: ServiceRecord): readonly WhyRule[] {
  return scheduledFor(state, service).map(({ id, at, what, by, askedAt }) => ({
    rule: "SVC-44",
    question: "is anything to be done with it later?",
    isMet: true,
    answer: `${intentWords(what)} at ${timeText(at)}, asked by ${by} on ${timeText(askedAt)} (entry ${id}; hale schedule cancel ${id})`,
  }));
}

function frozenRule(state: ClusterState, record: ServiceRecord): WhyRule {
  const text = frozenText(state, record);
  const base = { rule: "SVC-29", question: "is it looked after?" };
  if (text === null) return { ...base, isMet: true, answer: "yes" };
  return { ...base, isMet: false, answer: `no, ${text}; ${thawCommand(state, record)}` };
}

function wantedRule(state: ClusterState, record: ServiceRecord): WhyRule {
  const base = { rule: "SVC-28", question: "is it to run?" };
  const { asked, service } = record;
  const who = asked === undefined ? "" : `: ${asked.text} (entry ${asked.entry})`;
  if (record.isRemoved)
    return { ...base, isMet: false, answer: configText(state, "no, it is gone from the configuration") };
  if (record.isStopped === true)
    return { ...base, isMet: false, answer: `no, stopped until it is started or a node comes or goes${who}` };
  const awaited = awaitedNode(state, record);
  if (awaited !== null && record.awaits)
    return {
      ...base,
      isMet: false,
      answer: `not before ${awaited.node} is back, which ${record.awaits.by} shut down with it; elsewhere: hale service start ${service}`,
    };
  if (record.isEnabled) return { ...base, isMet: true, answer: `yes, it is enabled${who}` };
  const isByFile = asked === undefined && !definitionOf(state, record).enabled;
  const by = isByFile ? configText(state, " by the configuration") : who === "" ? `: ${record.reason}` : who;
  return { ...base, isMet: false, answer: `no, it is disabled${by}; hale service enable ${service}` };
}

function configText({ config }: ClusterState, text: string): string {
  if (config === null) return text;
  return `${text} (entry ${config.entry}${config.author === undefined ? "" : `, by ${config.author}`})`;
}

function knownRule(state: ClusterState, record: ServiceRecord): WhyRule {
  const blockers = blockersOf(state, record);
  const answer = blockers.map((blocker) => `${blocker.node} ${blocker.reason}`).join("; ");
  const isMet = blockers.length === 0;
  return { rule: "SVC-1", question: "is it known to run nowhere?", isMet, answer: isMet ? "yes" : `no, ${answer}` };
}

function awaitedRule(state: ClusterState, record: ServiceRecord): WhyRule {
  const awaited = awaitedBy(state, record).map(({ service, reason }) => `${service} ${reason}`);
  const isMet = awaited.length === 0;
  const answer = isMet ? "yes" : `no, ${awaited.join("; ")}`;
  return { rule: "REL-1", question: "is what it comes after started?", isMet, answer };
}

function placeRule({ chosen, decidedBy, verdicts }: PlacementAnswer): WhyRule {
  const base = { rule: "PLC-1", question: "may a node run it?" };
  if (chosen !== null)
    return { ...base, isMet: true, answer: `${chosen}${decidedBy === null ? "" : `, ${decidedBy}`}` };
  const reasons = verdicts.map(({ node, reasons: [first = ""] }) => `${node}: ${first}`);
  return { ...base, isMet: false, answer: `none (${reasons.join("; ")})` };
}

function hereRule(state: ClusterState, record: ServiceRecord, node: NodeId): WhyRule {
  const base = { rule: "SVC-10", question: "is it known what it does there?" };
  const blocker = blockersOf(state, record).find((candidate) => candidate.node === node);
  if (blocker !== undefined) return { ...base, isMet: false, answer: `no, ${node} ${blocker.reason}` };
  const first = record.phase.kind === "stopping" ? stoppedFirst(state, record) : [];
  const waits = first.length === 0 ? "" : `, and waits until ${first.join(", ")} has stopped`;
  return { ...base, isMet: true, answer: `yes, it is ${phaseText(record.phase)}${waits}` };
}

/** Why it stays where it is, and what would be better but is not taken. */
function stayRules(
  state: ClusterState,
  record: ServiceRecord,
  node: NodeId,
  answer: PlacementAnswer,
): readonly WhyRule[] {
  if (record.phase.kind !== "started") return [];
  const { domain } = definitionOf(state, record);
  const base = { rule: "PLC-4", question: "does it stay there?" };
  const place = failbackPlace(state, record);
  if (place !== null && domain.failbackBetween !== undefined)
    return [{ ...base, rule: "PLC-11", isMet: true, answer: `until its window: then it returns to ${place}` }];
  const better = answer.verdicts.find((verdict) => verdict.verdict !== "may not" && verdict.node !== node);
  const others = better === undefined ? ", and no other node may run it" : `; ${better.node} would be the next`;
  const how = domain.failback ? "until a better node of its domain becomes available anew" : "whatever node comes";
  return [{ ...base, isMet: true, answer: `${how}${others}` }];
}
