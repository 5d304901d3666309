import { mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { openClock } from "../../../src/adapters/clock/system-clock.ts";
import { createDelayAgent } from "../../../src/adapters/delay/delay-agent.ts";
import { createExecAgent } from "../../../src/adapters/exec/exec-agent.ts";
import { createFilesystemAgent } from "../../../src/adapters/filesystem/filesystem-agent.ts";
import { createLsbAgent } from "../../../src/adapters/lsb/lsb-agent.ts";
import { AddressAgent } from "../../../src/adapters/netlink/address-agent.ts";
import { OcfAgent } from "../../../src/adapters/ocf/ocf-agent.ts";
import { ProgramRunner } from "../../../src/adapters/process/program-runner.ts";
import { createRhcsAgent } from "../../../src/adapters/rhcs/rhcs-agent.ts";
import { createSambaAgent } from "../../../src/adapters/samba/samba-agent.ts";
import { createSystemdAgent } from "../../../src/adapters/systemd/systemd-agent.ts";
import { formatConfigError } from "../../../src/config/config-error.ts";
import { parseConfig } from "../../../src/config/parse-config.ts";
import { parseNodeId, parseServiceId } from "../../../src/model/ids.ts";
import type { OperationAction, OperationOutcome } from "../../../src/model/operation.ts";
import { durationMs, never } from "../../../src/model/units.ts";

/*
 * A kind of hale's as an OCF agent: `kind-as-ocf KIND FOLDER ACTION`, its parameters in OCF_RESKEY_…, as JSON or as they are. What they mean is read by hale's own
 * reader, and done by hale's own adapter; here is only the calling convention.
 *
 * `kind-as-ocf KIND FOLDER serve` stays and takes calls by FOLDER/socket, for a machine where each start of Node.js takes seconds: POST /ACTION with the environment as
 * `env -0` writes it. The answer is the exit code.
 */

type Environment = Readonly<Record<string, string | undefined>>;

const codes = { ok: 0, failed: 1, unimplemented: 3, notInstalled: 5, notConfigured: 6, notRunning: 7 } as const;
const actions: readonly string[] = ["start", "stop", "monitor"] satisfies OperationAction[];

const [kind = "", folder = "", action = ""] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const adapters = makeAdapters();
if (action === "serve") serve();
// Whatever the adapters hold open belongs to a daemon, which would go on.
else process.exit(await call(action, process.env));

function serve(): void {
  createServer((request, response) => void answer(request, response)).listen(join(folder, "socket"));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pairs = (await text(request)).split("\0").map((pair) => /^([^=]+)=(.*)$/s.exec(pair) ?? []);
  const environment = Object.fromEntries(pairs.map(([, name = "", value]) => [name, value]));
  response.end(String(await call((request.url ?? "").slice(1), environment)));
}

async function call(action: string, environment: Environment): Promise<number> {
  if (action !== "validate-all" && !actions.includes(action)) return codes.unimplemented;
  const body = Object.fromEntries(parametersIn(environment));
  const document = {
    cluster: "wrapped",
    nodes: { n1: { addresses: ["192.0.2.1"] } },
    fencing: "none",
    services: { wrapped: { resources: [{ [kind]: body }] } },
  };
  const parsed = parseConfig(JSON.stringify(document), "parameters");
  const resource = parsed.ok ? parsed.config.services[0]?.resources[0] : undefined;
  if (!parsed.ok || resource === undefined) {
    const errors = parsed.ok ? ["no resource"] : parsed.errors.map(formatConfigError);
    tell(`ocf-exit-reason:${errors.join("; ")}`);
    return codes.notConfigured;
  }
  if (action === "validate-all") return codes.ok;
  const agent = adapters.find((one) => one.kind === resource.kind);
  if (agent === undefined) return codes.unimplemented;
  const operation = {
    id: 1,
    service: parseServiceId("wrapped"),
    resource,
    timeoutMs: durationMs(20_000),
    notAfter: never,
  };
  const outcome = await agent.run({ ...operation, action: action as OperationAction }, new AbortController().signal);
  if (outcome.reason !== "") tell(`ocf-exit-reason:${outcome.reason}`);
  return codeOf(outcome);
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function* parametersIn(environment: Environment): Generator<[string, unknown]> {
  for (const [name, value = ""] of Object.entries(environment)) {
    const key = /^OCF_RESKEY_(?!CRM_meta_)(.+)$/.exec(name)?.[1];
    if (key !== undefined) yield [key.replaceAll("_", "-"), /^([[{]|\d+$)/.test(value) ? JSON.parse(value) : value];
  }
}

function makeAdapters() {
  const { clock } = openClock();
  const runner = new ProgramRunner({ outputFolder: join(folder, "output") });
  return [
    new AddressAgent({ clock, runner, onProblem: tell }),
    createDelayAgent({ clock, runner, folder: join(folder, "delay") }),
    createExecAgent({ clock, runner, node: parseNodeId("n1") }),
    createFilesystemAgent({ clock, runner }),
    createLsbAgent({ clock, runner }),
    new OcfAgent({ clock, runner, node: parseNodeId("n1") }),
    createRhcsAgent({ clock, runner }),
    createSambaAgent({ clock, runner, folder: join(folder, "samba") }),
    createSystemdAgent({ clock, runner }),
  ];
}

function codeOf({ status, severity }: OperationOutcome): number {
  if (status === "ok") return codes.ok;
  if (severity === "hard") return codes.notInstalled;
  return status === "not-running" ? codes.notRunning : codes.failed;
}
