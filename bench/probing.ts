import { setTimeout as sleep } from "node:timers/promises";
import { Prober } from "../lab/prober.ts";
import { type Contender, echoPort } from "./contender.ts";

const answerMs = 5_000;
/** For a second after it has learnt a hardware address, Linux believes no other (`locktime`): no client is that fresh. */
const lockMs = 1_200;

/**
 * A client that asks the contender's address, and hears `owner`.
 *
 * It begins without a memory of hardware addresses: what earlier events of the same lab have left there (keepalived
 * says nothing when two masters become one again) is not part of the next one.
 */
export async function startProbing(contender: Contender, owner: string, everyMs = 1): Promise<Prober> {
  const { lab, ip } = contender;
  await lab.client.run(["ip", "neigh", "flush", "dev", "eth0"]);
  const prober = await Prober.start(lab.client, { kind: "udp", ip, port: echoPort }, { everyMs });
  await prober.waitForAnswer(owner, answerMs);
  await sleep(lockMs);
  return prober;
}
