/** What can be done to a cluster. Each ends by `heal`, which puts right whatever is still wrong then. */
export type Fault =
  | { readonly kind: "power-off"; readonly on: Target; readonly until: Until }
  | { readonly kind: "power-off, fence device broken"; readonly on: Target; readonly until: Until }
  | { readonly kind: DaemonFaultKind; readonly on: Target; readonly until: Until }
  | { readonly kind: "host stands still"; readonly on: Target; readonly until: Until }
  | { readonly kind: "one link cut"; readonly on: Target; readonly network: string; readonly until: Until }
  | { readonly kind: "all links cut"; readonly on: Target; readonly until: Until }
  | { readonly kind: "every host alone"; readonly until: Until }
  | { readonly kind: "one-way cut"; readonly on: Target; readonly way: "to" | "from"; readonly until: Until }
  | { readonly kind: "packets lost"; readonly share: number; readonly until: Until }
  | { readonly kind: "disk full"; readonly on: Target; readonly until: Until }
  | { readonly kind: "clock step"; readonly on: Target; readonly stepS: number; readonly until: Until }
  | { readonly kind: ArbiterFaultKind; readonly until: Until };

/** Of a daemon, by how long it is away: what comes back in time costs nobody anything. */
export type DaemonFaultKind =
  | "kill -9 haled, restarted at once"
  /** About when its grace is over: it may be taken over, or not. */
  | "kill -9 haled, restarted late"
  | "kill -9 haled, until it is taken over"
  | "kill -STOP haled, shorter than the deadtime"
  | "kill -STOP haled, longer than the deadtime";

/** Of the third vote. Alone none of them may have consequences. */
export type ArbiterFaultKind = WitnessFaultKind | DiskFaultKind;

export type WitnessFaultKind = "kill -9 witness" | "kill -STOP witness" | "witness disk full";

export type DiskFaultKind = "arbiter disk unplugged" | "arbiter disk refuses to write";

export type FaultKind = Fault["kind"];

/** A host by its name, or whoever owns a service when the fault strikes. */
export type Target = { readonly node: string } | { readonly ownerOf: string };

/** How long a fault lasts before it is healed. */
export type Until =
  | { readonly kind: "ms"; readonly ms: number }
  /** Until the others have all services, or the host is back after a fence; for faults that lead there. */
  | { readonly kind: "takeover" };

export const faultKinds: readonly FaultKind[] = [
  "power-off",
  "power-off, fence device broken",
  "kill -9 haled, restarted at once",
  "kill -9 haled, restarted late",
  "kill -9 haled, until it is taken over",
  "kill -STOP haled, shorter than the deadtime",
  "kill -STOP haled, longer than the deadtime",
  "host stands still",
  "one link cut",
  "all links cut",
  "every host alone",
  "one-way cut",
  "packets lost",
  "disk full",
  "clock step",
];

/** What can be done to an arbiter, by what it is. */
export const arbiterFaultKinds: Readonly<Record<"witness" | "disk", readonly ArbiterFaultKind[]>> = {
  witness: ["kill -9 witness", "kill -STOP witness", "witness disk full"],
  disk: ["arbiter disk unplugged", "arbiter disk refuses to write"],
};

/** Alone it may not move, restart or switch off anything. */
export function isHarmless(kind: FaultKind): boolean {
  return kind === "one link cut" || kind === "clock step" || isShortAbsence(kind) || isArbiterFault(kind);
}

/** A daemon that is back before anybody may miss it: its services go on without it, so alone it may cost no client an answer. */
export function isShortAbsence(kind: FaultKind): boolean {
  return kind === "kill -9 haled, restarted at once" || kind === "kill -STOP haled, shorter than the deadtime";
}

export function isArbiterFault(kind: FaultKind): boolean {
  return Object.values(arbiterFaultKinds).some((kinds) => kinds.some((one) => one === kind));
}

const takenOver = "until it is taken over";

/** One line for people. */
export function faultText(fault: Fault): string {
  const on = "on" in fault ? ` on ${"node" in fault.on ? fault.on.node : `the owner of ${fault.on.ownerOf}`}` : "";
  const until = fault.until.kind === "ms" ? `, for ${fault.until.ms} ms` : `, ${takenOver}`;
  return `${fault.kind}${on}${detail(fault)}${fault.kind.endsWith(takenOver) ? "" : until}`;
}

function detail(fault: Fault): string {
  switch (fault.kind) {
    case "one link cut":
      return ` (${fault.network})`;
    case "one-way cut":
      return ` (nothing ${fault.way} it)`;
    case "packets lost":
      return ` (${Math.round(fault.share * 100)} %)`;
    case "clock step":
      return ` (${fault.stepS > 0 ? "+" : ""}${fault.stepS} s)`;
    case "power-off":
    case "power-off, fence device broken":
    case "kill -9 haled, restarted at once":
    case "kill -9 haled, restarted late":
    case "kill -9 haled, until it is taken over":
    case "kill -STOP haled, shorter than the deadtime":
    case "kill -STOP haled, longer than the deadtime":
    case "host stands still":
    case "all links cut":
    case "every host alone":
    case "disk full":
    case "kill -9 witness":
    case "kill -STOP witness":
    case "witness disk full":
    case "arbiter disk unplugged":
    case "arbiter disk refuses to write":
      return "";
  }
}
