import type { ArbiterContent, ArbiterSlot } from "../../model/arbiter-disk.ts";
import { compareViewIds, noView, type ViewId, viewIdText } from "../../model/view.ts";
import type { CliProgram } from "../cli-command.ts";
import { exitCodes } from "../exit-codes.ts";
import { alignRows } from "../text/layout.ts";

/** `hale arbiter-disk`: makes the disk of `quorum.arbiter.disk`, and shows what is on it. Both without a daemon. */
export function addArbiterDiskCommands({ program, context, finish }: CliProgram): void {
  const group = program.command("arbiter-disk").description("make the disk that decides between halves, or show it");
  group
    .command("init")
    .description("make a device or a file the arbiter disk of the cluster in this node's cluster.yaml")
    .argument("<path>", "the absolute path that quorum.arbiter.disk names")
    .option(
      "--force",
      "overwrite what is there; a disk in use gets another name, and its vote again by the nodes",
      false,
    )
    .action(async (path: string, { force }: { readonly force: boolean }) => {
      const { disk, cluster, nodes } = await context.makeArbiterDisk(path, force);
      context.stdout.write(
        `${path} is the arbiter disk of cluster "${cluster}" (${nodes.join(", ")}), called ${disk}\n`,
      );
      finish(exitCodes.done);
    });
  group
    .command("show")
    .description("what is on the disk: whose it is, and what each node has claimed")
    .argument("<path>", "a device or a file")
    .option("--json", "one document", false)
    .action(async (path: string, { json }: { readonly json: boolean }) => {
      const content = await context.readArbiterDisk(path);
      context.stdout.write(json ? `${JSON.stringify(content)}\n` : contentText(path, content));
      finish(exitCodes.done);
    });
}

function contentText(path: string, { header, slots }: ArbiterContent): string {
  const rows = header.nodes.map((node, place) => [node, ...slotCells(slots[place])]);
  return [
    `${path}: arbiter disk of cluster "${header.cluster}", called ${header.disk}`,
    ...alignRows([["NODE", "PROMISED", "INSTALLED", "CLAIMS", "SIGNS OF LIFE"], ...rows], "  "),
    "",
  ].join("\n");
}

function slotCells(slot: ArbiterSlot | undefined): readonly string[] {
  const whole = (slot?.votes ?? []).flatMap((vote) => (vote === null ? [] : [vote]));
  const newest = whole.sort((a, b) => b.sequence - a.sequence)[0];
  const beats = slot?.beat === null || slot === undefined ? "damaged" : String(slot.beat.count);
  if (newest === undefined) return ["damaged", "damaged", "damaged", beats];
  const claims = `${newest.sequence}${whole.length < 2 ? ", one copy damaged" : ""}`;
  return [viewText(newest.promised), viewText(newest.logView), claims, beats];
}

function viewText(view: ViewId): string {
  return compareViewIds(view, noView) === 0 ? "-" : viewIdText(view);
}
