import type { OwnerChange, TimelineLine } from "../world.ts";
import type { ScenarioRun } from "./run-scenario.ts";

/** The log of a run: `15003 n2    fence n1 requested`, one line each. */
export function renderTimeline(run: ScenarioRun): string {
  const { timeline } = run.result;
  const timeWidth = Math.max(5, ...timeline.map((line) => String(line.atMs).length));
  const nodeWidth = Math.max(5, ...run.scenario.config.nodes.map((node) => node.id.length));
  const lines = timeline.map((line) => renderLine(line, timeWidth, nodeWidth));
  return `${lines.join("\n")}\n`;
}

function renderLine(line: TimelineLine, timeWidth: number, nodeWidth: number): string {
  return `${String(line.atMs).padStart(timeWidth)} ${line.node.padEnd(nodeWidth)} ${line.text}`;
}

/** Columns of the drawing, without the names. */
const drawingWidth = 72;

const marks: Readonly<Record<OwnerChange["state"], string>> = {
  starting: "+",
  started: "#",
  stopping: "-",
  stopped: ".",
};
/** Which mark wins when several states fall into one column: the short ones, or they would not be seen. */
const weights: Readonly<Record<string, number>> = { "+": 3, "-": 3, "#": 2, ".": 1 };

/** Who owned what, and when: a row per service and node, time from left to right. */
export function renderDrawing(run: ScenarioRun): string {
  const { scenario, ownerChanges, result } = run;
  const nameWidth = Math.max(...scenario.config.services.map((service) => service.id.length));
  const nodeWidth = Math.max(...scenario.config.nodes.map((node) => node.id.length));
  const lines = [`${" ".repeat(nameWidth + nodeWidth + 3)}${ruler(scenario.untilMs)}`];
  for (const service of scenario.config.services) {
    for (const [index, node] of scenario.config.nodes.entries()) {
      const own = ownerChanges.filter((change) => change.service === service.id && change.node === node.id);
      const name = index === 0 ? service.id : "";
      lines.push(`${name.padEnd(nameWidth)} ${node.id.padEnd(nodeWidth)}  ${row(own, scenario.untilMs)}`);
    }
  }
  lines.push(
    "",
    `${marks.starting} starting   ${marks.started} started   ${marks.stopping} stopping   ${marks.stopped} not here`,
  );
  if (result.violations.length > 0) {
    lines.push("", ...result.violations.map((broken) => `${broken.rule} at ${broken.atMs} ms: ${broken.text}`));
  }
  return `${lines.join("\n")}\n`;
}

function row(changes: readonly OwnerChange[], untilMs: number): string {
  const cells: string[] = Array.from({ length: drawingWidth }, () => "");
  const cellOf = (atMs: number): number => Math.min(drawingWidth - 1, Math.floor((atMs / untilMs) * drawingWidth));
  let state: OwnerChange["state"] = "stopped";
  let from = 0;
  const paint = (until: number): void => {
    const mark = marks[state];
    for (let cell = cellOf(from); cell <= cellOf(until); cell += 1) {
      if ((weights[mark] ?? 0) > (weights[cells[cell] ?? ""] ?? 0)) cells[cell] = mark;
    }
  };
  for (const change of changes) {
    paint(change.atMs);
    state = change.state;
    from = change.atMs;
  }
  paint(untilMs);
  return cells.join("");
}

function ruler(untilMs: number): string {
  const step = 12;
  let text = "";
  for (let cell = 0; cell < drawingWidth; cell += step) {
    const seconds = ((cell / drawingWidth) * untilMs) / 1000;
    text += `|${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)}s`.padEnd(step);
  }
  return text.trimEnd();
}
