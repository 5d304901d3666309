import type { LinkSnapshot, NodeSnapshot, ResourceSnapshot, ServiceSnapshot, Snapshot } from "../../model/snapshot.ts";
import { isWitness, type NodeId } from "../../model/ids.ts";
import type { WallMs } from "../../model/units.ts";
import { alignRows, printable } from "./layout.ts";
import type { Look } from "./look.ts";
import { waitingLines } from "./schedule-text.ts";
import type { Tone } from "./paint.ts";
import { spanText } from "./span-text.ts";

/**
 * `hale status`: the whole cluster as one node sees it, each section on as few lines as it can be read on.
 *
 * @param isVerbose with the longest waits for heartbeats
 */
export function statusText(snapshot: Snapshot, look: Look, isVerbose = false): string {
  const sections = [
    [...headLines(snapshot, look), ...warningLines(snapshot, look)],
    nodeLines(snapshot, look, isVerbose),
    serviceLines(snapshot, look),
    // A daemon of an older version has none.
    snapshot.schedule === undefined ? [] : waitingLines(snapshot.schedule, look),
    droppedLines(snapshot, look),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function witnessRows({ group: { witness } }: Snapshot, { paint }: Look): string[][] {
  // A daemon of an older version tells nothing of it.
  if (witness === null || witness === undefined) return [];
  const { address, isDisk, isHeard, silentMs, hasVote } = witness;
  const heard = silentMs === null ? "never heard" : `${isHeard ? "up" : "silent"}, heard ${spanText(silentMs)} ago`;
  return [
    [
      paint("dim", isDisk === true ? "arbiter" : "witness"),
      `${address}, ${paint(isHeard ? "good" : "bad", heard)}${hasVote ? ", has its vote" : ""}`,
    ],
  ];
}

/** How many hosts of the reachlist each node reaches, as far as it is heard. */
function reachRows({ group: { reach } }: Snapshot, { paint }: Look): string[][] {
  // A daemon of an older version tells nothing of it.
  if (reach === undefined || reach.length === 0) return [];
  const told = reach.map(({ node, reached, of }) =>
    paint(reached < of ? "warn" : "good", `${node} ${reached} of ${of}`),
  );
  return [[paint("dim", "reach"), told.join(", ")]];
}

function headLines(snapshot: Snapshot, look: Look): string[] {
  const { paint, wallText } = look;
  const { group, config } = snapshot;
  const state = group.isQuorate ? paint("good", "quorate") : paint("bad", `NO QUORUM (${group.status})`);
  const view = group.view === null ? "" : `, view ${group.view}`;
  const coordinator = group.coordinator === null ? "" : `, coordinator ${group.coordinator}`;
  const lease = group.isQuorate ? `, lease ${spanText(group.leaseMs)}` : "";
  const isBehind = config.fileDigest !== config.digest;
  const file = isBehind ? paint("warn", ` (the file here is ${config.fileDigest})`) : "";
  const log =
    group.delivered === group.length ? `${group.length} entries` : `${group.delivered} of ${group.length} entries`;
  return [
    `${paint("title", snapshot.cluster)}  ${state}${view}${coordinator}`,
    ...alignRows([
      [paint("dim", "quorum"), `${votesText(group)}${lease}`],
      ...watchdogRows(snapshot, look),
      ...deviceRows(snapshot, look),
      ...witnessRows(snapshot, look),
      ...reachRows(snapshot, look),
      [paint("dim", "config"), `${config.digest}${file}, log ${log}`],
      [paint("dim", "told by"), `${snapshot.node}, hale ${snapshot.version}, ${wallText(snapshot.at)}`],
    ]),
  ];
}

/** Votes that are there, those that are needed, and who has them: a number where it is not one. */
function votesText({ quorum, electorate, votes, witness }: Snapshot["group"]): string {
  const third = witness?.isDisk === true ? "disk" : "witness";
  const named = (voter: NodeId): string => {
    const count = votes?.of[voter] ?? 1;
    return `${isWitness(voter) ? third : voter}${count === 1 ? "" : ` (${count})`}`;
  };
  // A daemon of an older version does not count them for us.
  const there = votes === undefined ? "" : `${votes.present === 1 ? "1 vote" : `${votes.present} votes`}, needs `;
  return `${there}${quorum}, voters ${electorate.map(named).join(" ") || "none"}`;
}

/** Where a watchdog is armed, and where not; nothing where there are none to be. */
function watchdogRows({ nodes }: Snapshot, { paint }: Look): string[][] {
  const told = nodes.flatMap(({ node, watchdog }) => (watchdog === undefined ? [] : [{ node, ...watchdog }]));
  if (told.length === 0) return [];
  const armed = told.filter(({ timeoutMs }) => timeoutMs > 0);
  const spans = [...new Set(armed.map(({ timeoutMs }) => spanText(timeoutMs)))].join(" or ");
  const where = armed.length === 0 ? "armed nowhere" : `armed on ${armed.map(({ node }) => node).join(" ")}, ${spans}`;
  const without = told.filter(({ timeoutMs }) => timeoutMs === 0).map(({ node }) => node);
  const missing = without.length === 0 ? "" : paint("bad", `, missing on ${without.join(" ")}`);
  return [[paint("dim", "watchdog"), `${where}${missing}`]];
}

/** Each fence device, as this node last found it, and for whom it does not work. */
function deviceRows({ devices, at, nodes }: Snapshot, { paint }: Look): string[][] {
  // A daemon of an older version tells nothing of them.
  if (devices === undefined || devices.length === 0) return [];
  const members = nodes.filter(({ state }) => state === "member" || state === "joining").length;
  const texts = devices.map(({ device, last, broken }) => {
    if (broken.length > 0) {
      const where = broken.length >= members ? "" : ` for ${broken.map(({ node }) => node).join(" ")}`;
      return `${device} ${paint("bad", `does not work${where}`)}`;
    }
    if (last === null) return `${device} ${paint("dim", "not looked at")}`;
    const ago = `${spanText(at - last.at)} ago`;
    return last.isWorking
      ? `${device} ${paint("good", "works")}, ${ago}`
      : `${device} ${paint("warn", "failed once")}, ${ago}`;
  });
  return [[paint("dim", "fencing"), texts.join("; ")]];
}

function warningLines({ warnings }: Snapshot, { paint }: Look): string[] {
  return warnings.map((warning) => paint("warn", `! ${printable(warning)}`));
}

const nodeTones: Readonly<Record<NodeSnapshot["state"], Tone>> = {
  member: "good",
  joining: "warn",
  lost: "bad",
  fencing: "bad",
  off: "dim",
  unknown: "warn",
};

function nodeLines(snapshot: Snapshot, look: Look, isVerbose: boolean): string[] {
  const { paint } = look;
  const more = isVerbose ? ["LONGEST WAIT"] : [];
  const head = ["  NODE", "STATE", "SINCE", "LINK", "ADDRESS", "HEARD", ...more].map((title) => paint("dim", title));
  const rows = snapshot.nodes.flatMap((node) => {
    const isHeldBack = node.isStandby || node.quarantine !== undefined;
    const tone = isHeldBack && node.state === "member" ? "warn" : nodeTones[node.state];
    const state = paint(tone, nodeStateText(node));
    const name = `${mark(tone, look)} ${paint("strong", node.node)}`;
    const since = node.since === null ? "-" : spanText(snapshot.at - node.since);
    const isSelf = node.node === snapshot.node;
    const own = isSelf ? [[paint("dim", "-"), paint("dim", "this node"), ""]] : [["-", "", ""]];
    const links =
      isSelf || node.links.length === 0
        ? own
        : node.links.map((link) => [...linkCells(link, look), ...(isVerbose ? [waitCell(link)] : [])]);
    const first = [name, state, since, ...(links[0] ?? [])];
    const others = links.slice(1).map((cells) => ["", "", "", ...cells]);
    const reason = node.reason === "" || node.state === "member" ? [] : [reasonRow(node.reason, look)];
    return [first, ...others, ...reason, ...quarantineRows(node, snapshot.at, look)];
  });
  return alignRows([head, ...rows]);
}

function nodeStateText({ state, isStandby, quarantine }: NodeSnapshot): string {
  return [state, ...(isStandby ? ["standby"] : []), ...(quarantine === undefined ? [] : ["quarantine"])].join(", ");
}

function quarantineRows({ quarantine }: NodeSnapshot, at: WallMs, look: Look): string[][] {
  if (quarantine === undefined) return [];
  const { since, until, losses } = quarantine;
  const rest = until > at ? `for ${spanText(until - at)} more` : "about to end";
  return [reasonRow(`in quarantine since ${spanText(at - since)}, ${rest}: lost ${losses} times`, look)];
}

function reasonRow(reason: string, { paint }: Look): string[] {
  return [paint("dim", `    ${printable(reason)}`)];
}

const linkTones: Readonly<Record<LinkSnapshot["state"], Tone>> = {
  up: "good",
  late: "warn",
  dead: "bad",
  never: "bad",
};

function linkCells(link: LinkSnapshot, { paint }: Look): string[] {
  const silent = link.silentMs === null ? "never heard" : `${spanText(link.silentMs)} ago`;
  const heard = link.state === "never" ? "" : ` ${silent}`;
  return [
    String(link.link),
    link.address,
    paint(linkTones[link.state], link.state === "never" ? silent : link.state) + heard,
  ];
}

/** `260ms in 1m, 812ms in 1h` */
function waitCell({ longestMs }: LinkSnapshot): string {
  const { minute = null, hour = null } = longestMs ?? {};
  return [
    ...(minute === null ? [] : [`${spanText(minute)} in 1m`]),
    ...(hour === null ? [] : [`${spanText(hour)} in 1h`]),
  ].join(", ");
}

function serviceLines(snapshot: Snapshot, look: Look): string[] {
  const { paint } = look;
  if (snapshot.services.length === 0) return [paint("dim", "no services are configured")];
  const head = ["  SERVICE", "STATE", "OWNER", "SINCE", "RESOURCES"].map((title) => paint("dim", title));
  const rows = snapshot.services.flatMap((service) => {
    const tone = serviceTone(service);
    const since = service.since === null ? "-" : spanText(snapshot.at - service.since);
    const state = `${service.state}${service.isEnabled ? "" : ", disabled"}`;
    const resources = service.resources.map((resource) => resourceCell(resource, service, look)).join("  ");
    const first = [
      `${mark(tone, look)} ${paint("strong", service.service)}`,
      paint(tone, state),
      service.owner ?? "-",
      since,
      resources,
    ];
    const isTold = service.reason !== "" && (service.state !== "started" || isLacking(service));
    const reason = isTold ? [reasonRow(service.reason, look)] : [];
    const failed = service.resources.filter((resource) => resource.state === "failed");
    const degraded = service.resources.filter(isDegraded);
    return [
      first,
      ...reason,
      ...failed.map((resource) => failureRow(resource, snapshot.at, look)),
      ...degraded.map((resource) => degradedRow(resource, look)),
    ];
  });
  return alignRows([head, ...rows]);
}

/** A disabled service that is stopped is as somebody wants it; a stopped one that is enabled is not. */
function serviceTone(service: ServiceSnapshot): Tone {
  const { state, isEnabled, resources } = service;
  if (state === "started") return isEnabled && !resources.some(isDegraded) && !isLacking(service) ? "good" : "warn";
  if (state === "stopped") return isEnabled ? "bad" : "dim";
  return state === "failed" || state === "blocked" ? "bad" : "warn";
}

/** It goes on without parts of it. */
function isLacking({ degraded = [] }: ServiceSnapshot): boolean {
  return degraded.length > 0;
}

function resourceCell(snapshot: ResourceSnapshot, { service, state: whole }: ServiceSnapshot, { paint }: Look): string {
  const { resource, kind, state, after } = snapshot;
  const nameOf = (id: string): string => (id.startsWith(`${service}/`) ? id.slice(service.length + 1) : id);
  const name = nameOf(resource);
  const own = name.includes(kind) ? name : `${kind} ${name}`;
  const text =
    after === undefined ? own : `${own} (${after.length === 0 ? "at once" : `after ${after.map(nameOf).join(", ")}`})`;
  if (state === "failed") return paint("bad", `${text}!`);
  // Where all is well the names are enough; else each says what it is.
  if (isDegraded(snapshot)) return paint("warn", `${text} (degraded)`);
  if (whole === "started" && state === "running") return text;
  return whole === "stopped" ? paint("dim", text) : `${text} ${paint("dim", `(${state})`)}`;
}

function isDegraded({ state, last }: ResourceSnapshot): boolean {
  return state === "running" && last?.outcome.isDegraded === true;
}

function degradedRow({ resource, last }: ResourceSnapshot, { paint }: Look): string[] {
  return [paint("warn", `    ${resource}: ${printable(last?.outcome.reason ?? "")}`)];
}

function failureRow({ resource, last }: ResourceSnapshot, at: WallMs, { paint }: Look): string[] {
  if (last === undefined) return [paint("bad", `    ${resource} failed`)];
  const when = `${spanText(at - last.at)} ago`;
  const reason = printable(last.outcome.reason);
  return [paint("bad", `    ${resource}: ${last.action} ${last.outcome.status} ${when}: ${reason}`)];
}

/** Reasons of `wire`, as an administrator would say them; others are words already. */
const dropReasons: ReadonlyMap<string, string> = new Map([
  ["mac", "wrong signature"],
  ["key", "unknown key"],
  ["cluster", "of another cluster"],
  ["magic", "not of hale"],
  ["version", "other version"],
  ["unknown-sender", "unknown node"],
  ["old-incarnation", "of an earlier life"],
]);

/** A reason why a packet was refused, for people. */
export function reasonText(reason: string): string {
  return dropReasons.get(reason) ?? reason;
}

/** Every datagram goes on every link, so all but its first copy are dropped: with more than one link that is news to nobody. */
function droppedLines({ dropped, nodes }: Snapshot, { paint }: Look): string[] {
  const isCopied = nodes.some(({ links }) => links.length > 1);
  const reasons = Object.entries(dropped).filter(([reason, count]) => count > 0 && !(isCopied && reason === "replay"));
  if (reasons.length === 0) return [];
  return [
    paint("dim", `packets dropped: ${reasons.map(([reason, count]) => `${reasonText(reason)} ${count}`).join(", ")}`),
  ];
}

/** The colour in one character, for those who have no colours. */
function mark(tone: Tone, { paint }: Look): string {
  if (tone === "good") return paint(tone, "●");
  if (tone === "bad") return paint(tone, "✗");
  return paint(tone, tone === "warn" ? "◐" : "○");
}
