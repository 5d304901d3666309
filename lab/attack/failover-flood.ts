import type { HostProcess } from "../host-process.ts";
import type { Lab } from "../lab.ts";
import { attackCommand } from "./attack-command.ts";
import type { AttackPlan } from "./attacker-main.ts";
import { capturePackets } from "./captured-packets.ts";
import { changed, otherKey, sealedWith, truncated } from "./spoiled-packets.ts";

/** Who floods whom. */
export interface FailoverFlood {
  /** Of no member. */
  readonly attacker: string;
  /** Who is about to lose its power. */
  readonly owner: string;
  /** Who is to notice that. */
  readonly survivors: readonly string[];
  readonly port: number;
  /** It ends by itself when nobody ends it before. */
  readonly forMs: number;
}

const readyMs = 10_000;

/**
 * A flood that would hide the owner's death, or keep the survivors from agreeing on it: to each survivor, on all networks, with the
 * owner's address and the other survivors', go exact copies of what the members sent just now, the same cut off, altered in one bit, and
 * sealed with another key. Resolved when it flows.
 */
export async function startFailoverFlood(lab: Lab, flood: FailoverFlood): Promise<HostProcess> {
  const { attacker, owner, survivors, port, forMs } = flood;
  const captured = await capturePackets(lab, port);
  const ways = survivors.flatMap((survivor) => {
    const others = [owner, ...survivors.filter((name) => name !== survivor)];
    return lab.networks.flatMap(({ name }) =>
      others.map((other) => ({ target: lab.host(survivor).ip(name), source: lab.host(other).ip(name) })),
    );
  });
  const payloads = captured.map((packet, index) => {
    return [packet, ...truncated([packet]), changed(packet, packet.length - 1)][index % 3] ?? packet;
  });
  const plan: AttackPlan = {
    targets: ways.map(({ target }) => target),
    sources: ways.map(({ source }) => source),
    port,
    forMs,
    payloads: [...payloads, ...sealedWith(captured, survivors[0] ?? "", [otherKey])].map((one) =>
      one.toString("base64"),
    ),
  };
  const attack = await lab.host(attacker).spawn(attackCommand(plan), { name: "attack" });
  await attack.waitForOutput(/^ready$/m, readyMs);
  return attack;
}
