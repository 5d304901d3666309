import { rightRules } from "../src/sim/group/group-rules.ts";
import { explore, type Walk } from "../src/sim/exhaustive/explore.ts";
import { type FaultKind, faultKinds } from "../src/sim/exhaustive/small-world.ts";
import { begin, type Latitude, type Start, starts } from "../src/sim/exhaustive/starts.ts";
import { readWay, traceLines, wayText } from "../src/sim/exhaustive/trace.ts";

// npm run exhaustive -- [--start NAME] [--faults N] [--kinds crash,lost,late,twice,slow] [--beats N] [--free clocks,beats,starts]
//                       [--rounds N] [--states N]                                every order of events of three nodes, up to the bounds
// npm run exhaustive -- --start NAME ... --replay 0.3.1                          one way again, step by step (the other options as then)

const usage = `usage: npm run exhaustive -- [--start NAME] [--faults N] [--kinds ${faultKinds.join()}]
         [--beats N] [--free clocks,beats,starts] [--rounds N] [--states N] [--replay WAY]
starts:
${starts.map(({ name, what }) => `  ${name.padEnd(20)} ${what}`).join("\n")}`;

interface Options {
  readonly starts: readonly Start[];
  readonly latitude: Latitude;
  readonly rounds: number;
  readonly states: number;
  readonly replay: string | null;
}

const options = readOptions(process.argv.slice(2));
if (options === null) {
  console.error(usage);
  process.exitCode = 2;
} else if (options.replay !== null) {
  const [start] = options.starts;
  if (start !== undefined) replay(start, options, options.replay);
} else walkAll(options);

function walkAll({ starts: chosen, latitude, rounds, states }: Options): void {
  console.log(`${"start".padEnd(20)}   states  actions  depth rounds settled  tried rivals      cpu`);
  for (const start of chosen) {
    const began = process.cpuUsage();
    const world = begin(start, latitude);
    const walk = explore(world, { rounds, states });
    const { user, system } = process.cpuUsage(began);
    console.log(row(start.name, walk, (user + system) / 1e6));
    if (walk.found === null) continue;
    process.exitCode = 1;
    const { broken, way } = walk.found;
    console.log(`${broken.rule}: ${broken.text}`);
    for (const line of traceLines(world, way)) console.log(line);
    const word = wayText(world, way);
    console.log(`again: npm run exhaustive -- --start ${start.name} ${latitudeText(latitude)} --replay ${word}`);
  }
}

function replay(start: Start, { latitude }: Options, word: string): void {
  const world = begin(start, latitude);
  for (const line of traceLines(world, readWay(world, word))) console.log(line);
}

function row(name: string, walk: Walk, seconds: number): string {
  const { states, transitions, depth, rounds, settled, tried, rivals } = walk;
  const numbers = [states, transitions, depth, rounds, settled, tried, rivals];
  const widths = [8, 8, 6, 6, 7, 6, 6];
  const text = numbers.map((number, at) => String(number).padStart(widths[at] ?? 0)).join(" ");
  return `${name.padEnd(20)} ${text} ${seconds.toFixed(1).padStart(6)} s${walk.isComplete ? "" : "  not all: bound of states"}`;
}

function latitudeText({ faults, kinds, beatsMax, hasFreeBeats, hasFreeClocks, hasFreeStarts }: Latitude): string {
  const free = Object.entries({ beats: hasFreeBeats, clocks: hasFreeClocks, starts: hasFreeStarts });
  const names = free.filter(([, isFree]) => isFree).map(([name]) => name);
  const kept = [`--faults ${faults}`, `--kinds ${kinds.join()}`, `--beats ${beatsMax}`];
  return [...kept, ...(names.length > 0 ? [`--free ${names.join()}`] : [])].join(" ");
}

function readOptions(words: readonly string[]): Options | null {
  const given = new Map<string, string>();
  for (let index = 0; index < words.length; index += 2) {
    const [word, value] = [words[index], words[index + 1]];
    if (word === undefined || value === undefined || !word.startsWith("--")) return null;
    given.set(word.slice(2), value);
  }
  const known = ["start", "faults", "kinds", "beats", "free", "rounds", "states", "replay"];
  const kinds = (given.get("kinds") ?? faultKinds.join()).split(",");
  const free = (given.get("free") ?? "").split(",");
  const name = given.get("start");
  const chosen = name === undefined ? starts : starts.filter((start) => start.name === name);
  const number = (key: string, fallback: number): number => Number(given.get(key) ?? fallback);
  const numbers = [number("faults", 1), number("beats", 0), number("rounds", 12), number("states", 2_000_000)];
  const isRight =
    [...given.keys()].every((key) => known.includes(key)) &&
    kinds.every((kind) => faultKinds.some((each) => each === kind)) &&
    numbers.every((value) => Number.isInteger(value) && value >= 0) &&
    chosen.length > 0;
  if (!isRight) return null;
  const [faults = 0, beatsMax = 0, rounds = 0, states = 0] = numbers;
  const latitude: Latitude = {
    rules: rightRules,
    faults,
    kinds: kinds as readonly FaultKind[],
    beatsMax,
    hasFreeBeats: free.includes("beats"),
    hasFreeClocks: free.includes("clocks"),
    hasFreeStarts: free.includes("starts"),
  };
  return { starts: chosen, latitude, rounds, states, replay: given.get("replay") ?? null };
}
