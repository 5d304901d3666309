import type { AttackPlan } from "./attacker-main.ts";
import type { CallPlan } from "./caller-main.ts";
import type { OnPathPlan } from "./on-path-attacker-main.ts";

const runner = new URL("../../scripts/run.mjs", import.meta.url).pathname;
const attacker = new URL("./attacker-main.ts", import.meta.url).pathname;
const caller = new URL("./caller-main.ts", import.meta.url).pathname;
const onPathAttacker = new URL("./on-path-attacker-main.ts", import.meta.url).pathname;

/** The program of a host that sends datagrams as fast as it can. */
export function attackCommand(plan: AttackPlan): readonly string[] {
  return [process.execPath, runner, attacker, JSON.stringify(plan)];
}

/** The program of a host that makes connections as fast as it can. */
export function callCommand(plan: CallPlan): readonly string[] {
  return [process.execPath, runner, caller, JSON.stringify(plan)];
}

/** For a subshell of the switch, which becomes the program: who sees all packets of a wire floods with copies of the newest. */
export function onPathAttackCommand(plan: OnPathPlan): string {
  return `ip link set ${plan.device} promisc on && exec ${process.execPath} ${runner} ${onPathAttacker} '${JSON.stringify(plan)}'`;
}
