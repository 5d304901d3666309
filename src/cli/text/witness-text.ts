import { compareViewIds, noView, type ViewId, viewIdText } from "../../model/view.ts";
import type { WitnessAsker, WitnessedCluster, WitnessStatus } from "../../model/witness-status.ts";
import { alignRows } from "./layout.ts";
import type { Look } from "./look.ts";
import { spanText } from "./span-text.ts";
import { reasonText } from "./status-text.ts";

/** A node asks every keepalive; one that has not for so long is off, or does not reach the witness. */
const silentAfterMs = 10_000;

/** `hale witness status`, for people. */
export function witnessText(status: WitnessStatus, look: Look): string {
  const { paint } = look;
  const { listen, version, runningMs, clusters, foreign, network } = status;
  const notes = [
    ...(foreign > 0 ? [`refused ${foreign} packets of no cluster that has a key file here`] : []),
    ...Object.entries(network).map(([what, count]) => `${what}: ${count}`),
  ];
  return [
    `${paint("strong", "witness")} at ${listen}, hale ${version}, for ${spanText(runningMs)}`,
    ...clusters.flatMap((cluster) => clusterLines(cluster, look)),
    ...(notes.length === 0 ? [] : ["", ...notes]),
    "",
  ].join("\n");
}

function clusterLines({ cluster, disk, ...record }: WitnessedCluster, { paint }: Look): string[] {
  const { promised, installed, askers, refused, warning } = record;
  const rows = askers.map((asker) => [asker.node, ...askerCells(asker)]);
  const reasons = Object.entries(refused).map(([reason, count]) => `${reasonText(reason)} ${count}`);
  return [
    "",
    `${paint("strong", cluster)}  votes as ${disk}, promised view ${viewText(promised)}, installed ${viewText(installed)}`,
    ...(warning === null ? [] : [paint("warn", `! ${warning}`)]),
    ...(rows.length === 0
      ? ["  nobody has asked since its start"]
      : alignRows([["NODE", "ASKED", "ADDRESS", "LAST WANTED"].map((head) => paint("dim", head)), ...rows], "  ")),
    ...(reasons.length === 0 ? [] : [`  refused: ${reasons.join(", ")}`]),
  ];
}

function askerCells({ address, askedMsAgo, wanted }: WitnessAsker): readonly string[] {
  const asked = `${spanText(askedMsAgo)} ago${askedMsAgo > silentAfterMs ? ", silent" : ""}`;
  if (wanted === null) return [asked, address, "-"];
  const { step, view, isGranted, msAgo } = wanted;
  const what = step === "promise" ? "the vote for" : "to install";
  return [
    asked,
    address,
    `${what} view ${viewText(view)}, ${spanText(msAgo)} ago: ${isGranted ? "granted" : "refused"}`,
  ];
}

function viewText(view: ViewId): string {
  return compareViewIds(view, noView) === 0 ? "-" : viewIdText(view);
}
