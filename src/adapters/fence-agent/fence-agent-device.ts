import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { FenceAction, FenceCall, FenceOutcome } from "../../model/operation.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { FenceDevice } from "../../ports/fence-device.ts";
import { limitLine, lastLine } from "../process/limit-line.ts";
import type { ProgramEnd, ProgramRunner } from "../process/program-runner.ts";

/** What a runner of fence agents is made of. */
export interface FenceAgentOptions {
  readonly runner: ProgramRunner;
  /** Where agents are looked up by name. Default `/usr/sbin`. */
  readonly folder?: string;
}

/**
 * Runs fence agents: parameters as `key=value` lines on standard input, so that no secret shows in the list of processes.
 *
 * `off` and `on` are confirmed by exit code 0 alone: agents verify the state themselves before they say so. A time-out, a signal, an agent
 * that cannot be run: not confirmed, whatever the device may have done by then.
 */
export function createFenceAgentDevice({ runner, folder = "/usr/sbin" }: FenceAgentOptions): FenceDevice {
  return {
    async run(call: FenceCall, signal: AbortSignal): Promise<FenceOutcome> {
      const parameters = await readParameters(call);
      if (!parameters.ok) return { confirmed: false, reason: parameters.reason, output: "", durationMs: 0 };
      const { lines, secrets } = parameters;
      const { end, output, durationMs } = await runner.run(
        {
          argv: [isAbsolute(call.agent) ? call.agent : join(folder, call.agent)],
          environment: {},
          input: lines,
          timeoutMs: call.timeoutMs,
          // Numbered: several devices may be asked at once.
          outputName: `fence-${call.agent.replaceAll(/[^A-Za-z0-9._-]/g, "_")}-${call.id % 64}`,
        },
        signal,
      );
      const shown = hideSecrets(output, secrets);
      const { confirmed, reason } = judge(call, end, shown);
      return { confirmed, reason: limitLine(hideSecrets(reason, secrets)), output: shown, durationMs };
    },
  };
}

type Parameters =
  | { readonly ok: true; readonly lines: string; readonly secrets: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** `password-file` names a file that holds `password`. Agents' own parameters have underscores: `identity_file` stays what it is. */
const fileSuffix = "-file";
const secretKeys = /pass|secret|token|key|community/i;

async function readParameters({ parameters, plug, action, agent }: FenceCall): Promise<Parameters> {
  const all = new Map<string, string>();
  const secrets: string[] = [];
  for (const [key, value] of Object.entries(parameters)) {
    if (!key.endsWith(fileSuffix)) {
      all.set(key, value);
      if (secretKeys.test(key)) secrets.push(value);
      continue;
    }
    const name = key.slice(0, -fileSuffix.length);
    try {
      // Read at each call, so that a changed password needs no reload. Editors end files with a line feed.
      const content = (await readFile(value, "utf8")).replace(/\r?\n$/, "");
      all.set(name, content);
      secrets.push(content);
    } catch (error) {
      return { ok: false, reason: `Cannot run fence agent "${agent}": ${key}: ${(error as Error).message}` };
    }
  }
  // Last, so that no parameter of the configuration can turn an "off" into something else.
  all.set("action", action);
  if (plug !== undefined) all.set("plug", plug);
  const broken = [...all].find(([key, value]) => /[\r\n=]/.test(key) || /[\r\n]/.test(value));
  if (broken !== undefined)
    return { ok: false, reason: `Cannot run fence agent "${agent}": "${broken[0]}" has more than one line` };
  const sorted = [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { ok: true, lines: sorted.map(([key, value]) => `${key}=${value}\n`).join(""), secrets };
}

function judge(call: FenceCall, end: ProgramEnd, output: string): Pick<FenceOutcome, "confirmed" | "reason"> {
  const what = `${call.agent} ${call.action}${call.plug === undefined ? "" : ` ${call.plug}`}`;
  switch (end.kind) {
    case "exited":
      return judgeExit(call.action, what, end.code, output);
    case "killed":
      return { confirmed: false, reason: `${what}: killed by ${end.signal}` };
    case "timed-out":
      return { confirmed: false, reason: `${what}: not done after ${call.timeoutMs} ms, ${end.detail}` };
    case "aborted":
      return { confirmed: false, reason: `${what}: cancelled, ${end.detail}` };
    case "not-started":
      return {
        confirmed: false,
        reason: `${end.reason}${end.isMissing && !isAbsolute(call.agent) ? ": apt install fence-agents" : ""}`,
      };
    default:
      return unreachable(end);
  }
}

function judgeExit(
  action: FenceAction,
  what: string,
  code: number,
  output: string,
): Pick<FenceOutcome, "confirmed" | "reason"> {
  if (code === 0) return { confirmed: true, reason: action === "status" ? "on" : `${what}: done` };
  // 2 of `status` is "off", but also "bad arguments": only the words tell.
  if (action === "status" && code === 2 && (output.trim() === "" || /\bOFF\b/i.test(output)))
    return { confirmed: true, reason: "off" };
  const said = lastLine(output);
  const meaning = `${meanings.get(code) ?? "failed"} (exit code ${code})`;
  return { confirmed: false, reason: `${what}: ${said === "" ? meaning : `${said} (${meaning})`}` };
}

const meanings: ReadonlyMap<number, string> = new Map([
  [1, "failed"],
  [2, "bad arguments"],
  [3, "login denied"],
  [4, "connection lost"],
  [5, "the device did not answer in time"],
  [6, "it did not go off in time"],
  [7, "it did not come on in time"],
  [8, "the device does not know this plug"],
  [10, "password missing"],
  [11, "privileges missing"],
  [12, "no such machine"],
]);

/** Agents in verbose mode repeat what they were told. */
function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length > 2)
    .reduce((hidden, secret) => hidden.replaceAll(secret, "***"), text);
}
