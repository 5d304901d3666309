import type { Probe } from "../probe.ts";
import type { Mark } from "./stage.ts";

/** A stretch of time in which one host answered, or nobody ("" as responder). */
interface Stretch {
  readonly responder: string;
  readonly fromMs: number;
  readonly toMs: number;
}

interface Frame {
  readonly title: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What all frames show a part of. */
interface Seen {
  readonly stretches: readonly Stretch[];
  readonly marks: readonly Mark[];
  /** A lane each. */
  readonly hosts: readonly string[];
  /** Zero of the time that is written. */
  readonly zeroMs: number;
}

const widthPx = 960;
const leftPx = 70;
const plotPx = widthPx - leftPx - 20;
const lanePx = 26;
/** Title and two rows of labels. */
const headPx = 58;
const font = 'font-family="sans-serif" font-size="12"';
const smallFont = 'font-family="sans-serif" font-size="10"';
const nobodyColour = "#c9190b";
const colours = ["#06c", "#3e8635", "#f0ab00", "#6753ac", "#009596"];

/**
 * What the client saw, as an SVG: a lane per host with bars where it answered, red where nobody did, and a line for each
 * thing that was done. First the whole time, then each mark's surroundings at a larger scale.
 *
 * @param probes in any order
 * @param hosts a lane each
 */
export function drawPicture(probes: readonly Probe[], marks: readonly Mark[], hosts: readonly string[]): string {
  const sent = [...probes].sort((a, b) => a.startMs - b.startMs);
  const first = sent[0];
  const last = sent.at(-1);
  if (first === undefined || last === undefined) return svg(0, "");
  const seen: Seen = { stretches: findStretches(sent), marks, hosts, zeroMs: first.startMs };
  const frames: Frame[] = [
    { title: "Who answered the client, second by second", fromMs: first.startMs, toMs: last.startMs },
    ...outageFrames(seen),
  ];
  const framePx = headPx + 40 + lanePx * (hosts.length + 1);
  const parts = frames.map((frame, index) => drawFrame(frame, seen, 10 + index * framePx));
  return svg(10 + frames.length * framePx, parts.join("\n"));
}

/** A closer look at each outage that a mark explains. */
function outageFrames({ stretches, marks, zeroMs }: Seen): readonly Frame[] {
  return marks.flatMap((mark, index) => {
    const untilMs = marks[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    const gaps = stretches.filter((s) => s.responder === "" && s.toMs > mark.atMs && s.fromMs < untilMs);
    const longest = gaps.sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))[0];
    if (longest === undefined) return [];
    const marginMs = Math.max(30, (longest.toMs - longest.fromMs) * 0.4);
    const outageMs = (longest.toMs - longest.fromMs).toFixed(0);
    const title = `${mark.text} (${((mark.atMs - zeroMs) / 1000).toFixed(2)} s): nobody answered for ${outageMs} ms`;
    return [{ title, fromMs: longest.fromMs - marginMs, toMs: longest.toMs + marginMs }];
  });
}

function drawFrame(frame: Frame, { stretches, marks, hosts, zeroMs }: Seen, topPx: number): string {
  const scale = plotPx / Math.max(1, frame.toMs - frame.fromMs);
  const x = (ms: number): number => leftPx + Math.min(plotPx, Math.max(0, (ms - frame.fromMs) * scale));
  const lanes = [...hosts, ""];
  const lanesTop = topPx + headPx;
  const bottom = lanesTop + lanes.length * lanePx;
  const isInside = (fromMs: number, toMs: number): boolean => toMs >= frame.fromMs && fromMs <= frame.toMs;
  const bars = stretches
    .filter((s) => isInside(s.fromMs, s.toMs))
    .map((s) => {
      const lane = lanes.indexOf(s.responder);
      const colour = s.responder === "" ? nobodyColour : (colours[lane % colours.length] ?? nobodyColour);
      const width = Math.max(1, x(s.toMs) - x(s.fromMs));
      return `<rect x="${px(x(s.fromMs))}" y="${lanesTop + lane * lanePx + 4}" width="${px(width)}" height="${lanePx - 8}" fill="${colour}"/>`;
    });
  const names = lanes.map((name, lane) => {
    const label = name === "" ? "nobody" : name;
    return `<text x="${leftPx - 8}" y="${lanesTop + lane * lanePx + 17}" text-anchor="end" ${font}>${escape(label)}</text>`;
  });
  const lines = marks
    .filter((mark) => isInside(mark.atMs, mark.atMs))
    .map(
      (mark, index) =>
        `<line x1="${px(x(mark.atMs))}" x2="${px(x(mark.atMs))}" y1="${lanesTop - 6 - (index % 2) * 12}" y2="${bottom}" stroke="#151515" stroke-dasharray="3 2"/>` +
        `<text x="${px(x(mark.atMs) + 3)}" y="${lanesTop - 6 - (index % 2) * 12}" ${smallFont}>${escape(mark.text)}</text>`,
    );
  const ends = [frame.fromMs, frame.toMs].map(
    (ms, index) =>
      `<text x="${px(x(ms))}" y="${bottom + 14}" text-anchor="${index === 0 ? "start" : "end"}" ${font}>${((ms - zeroMs) / 1000).toFixed(2)} s</text>`,
  );
  const title = `<text x="${leftPx}" y="${topPx + 20}" ${font} font-weight="bold">${escape(frame.title)}</text>`;
  return [title, ...names, ...bars, ...lines, ...ends].join("\n");
}

/** @param sent in order of sending */
function findStretches(sent: readonly Probe[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const probe of sent) {
    const responder = probe.outcome === "answered" ? probe.responder : "";
    const open = stretches.at(-1);
    if (open?.responder === responder) stretches[stretches.length - 1] = { ...open, toMs: probe.startMs };
    else {
      if (open !== undefined) stretches[stretches.length - 1] = { ...open, toMs: probe.startMs };
      stretches.push({ responder, fromMs: probe.startMs, toMs: probe.startMs });
    }
  }
  return stretches;
}

function svg(heightPx: number, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}">
<rect width="100%" height="100%" fill="white"/>
${content}
</svg>
`;
}

function px(value: number): string {
  return value.toFixed(1);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
