import { runTypeScript } from "../run-type-script.ts";
import type { AttackPlan } from "./attacker-main.ts";
import type { CallPlan } from "./caller-main.ts";
import type { OnPathPlan } from "./on-path-attacker-main.ts";

/** The program of a host that sends datagrams as fast as it can. */
export function attackCommand(plan: AttackPlan): readonly string[] {
  return runTypeScript("attack/attacker-main.ts", JSON.stringify(plan));
}

/** The program of a host that makes connections as fast as it can. */
export function callCommand(plan: CallPlan): readonly string[] {
  return runTypeScript("attack/caller-main.ts", JSON.stringify(plan));
}

/** For a subshell of the switch, which becomes the program: who sees all packets of a wire floods with copies of the newest. */
export function onPathAttackCommand(plan: OnPathPlan): string {
  const program = runTypeScript("attack/on-path-attacker-main.ts").join(" ");
  return `ip link set ${plan.device} promisc on && exec ${program} '${JSON.stringify(plan)}'`;
}
