import { stringify } from "yaml";
import type { EventList, SubmitLine } from "../../src/model/api-format.ts";
import type { ClusterEvent } from "../../src/model/cluster-event.ts";
import type { Answer } from "../../src/model/intent.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { DebianMachine } from "./debian.ts";

const url = "http://hale/v1";
const curl = "curl -s --unix-socket /run/hale/haled.sock -H 'content-type: application/json'";

type AskedOfService = "enable-service" | "disable-service";

/**
 * A cluster of one node on a machine, its daemon a unit of systemd as it is packaged.
 *
 * It is asked by curl: the emulated processor takes seconds for each start of Node.js.
 */
export class AloneCluster {
  readonly #machine: DebianMachine;

  private constructor(machine: DebianMachine) {
    this.#machine = machine;
  }

  /** @param config beside what a cluster of one needs, or instead of it */
  static async found(machine: DebianMachine, config: Readonly<Record<string, unknown>>): Promise<AloneCluster> {
    const whole = {
      cluster: "alone",
      heartbeat: { keepalive: "1s", warntime: "5s", deadtime: "15s", initdead: "15s" },
      nodes: { n1: { addresses: ["127.0.0.1"] } },
      fencing: { none: { "assume-off-after": "60s" } },
      ...config,
    };
    await writeFile(machine, "/etc/hale/cluster.yaml", stringify(whole));
    await machine.run("hostname n1; ip link set lo up; hale init && systemctl start haled");
    return new AloneCluster(machine);
  }

  /** Until something is told of, after the event with that number in the daemon's list. */
  async waitForEvent(
    text: RegExp,
    { service, after = 0 }: { service?: string; after?: number } = {},
  ): Promise<ClusterEvent> {
    let found: ClusterEvent | undefined;
    const isIt = (event: ClusterEvent): boolean =>
      event.sequence > after && text.test(event.text) && (service === undefined || event.service === service);
    await this.#machine.until(`the event ${text.source}`, `${curl} ${url}/events`, {
      test: (output) => {
        if (!output.startsWith("{")) return false;
        found = (JSON.parse(output) as EventList).events.find(isIt);
        return found !== undefined;
      },
    });
    return found as ClusterEvent;
  }

  async waitForStart(service: string, after = 0): Promise<ClusterEvent> {
    return this.waitForEvent(/^starting on n1 -> started on n1/, { service, after });
  }

  async waitForState(service: string, state: Snapshot["services"][number]["state"]): Promise<void> {
    await this.#machine.until(`${service} to be ${state}`, `${curl} ${url}/status`, {
      test: (output) =>
        output.startsWith("{") &&
        (JSON.parse(output) as Snapshot).services.some((one) => one.service === service && one.state === state),
    });
  }

  /** Asks for something, and waits until it is reached or cannot be. */
  async ask(kind: AskedOfService, service: string): Promise<Answer> {
    const intent = JSON.stringify({ kind, service });
    const output = await this.#machine.run(`${curl} -d '${intent}' ${url}/intents`);
    const last = JSON.parse(output.split("\n").at(-1) ?? "") as SubmitLine;
    if (last.kind !== "answer") throw new Error(`No answer to ${intent}: ${output}`);
    return last.answer;
  }

  /** Asks for something, and waits for nothing. */
  async begin(kind: AskedOfService, service: string): Promise<void> {
    const intent = JSON.stringify({ kind, service });
    await this.#machine.run(`${curl} --fail -o /dev/null -d '${intent}' '${url}/intents?wait=false'`);
  }

  /** As `ask`. @throws Error when it is not reached */
  async must(kind: AskedOfService, service: string): Promise<void> {
    const answer = await this.ask(kind, service);
    if (!answer.ok) throw new Error(`Cannot ${kind} ${service}: ${JSON.stringify(answer)}`);
  }
}

export async function writeFile(machine: DebianMachine, path: string, text: string): Promise<void> {
  await machine.run(`mkdir -p $(dirname ${path}); echo ${Buffer.from(text).toString("base64")} | base64 -d >${path}`);
}
