import type { LabNetwork, Port } from "./network-plan.ts";
import type { Shell } from "./shell.ts";
import { type Loss, switchRules } from "./switch-rules.ts";

/**
 * The wires of a lab: one bridge per network, in a network namespace of the lab's own, with one port per host and
 * network. What is lost on the way is decided here and not in the hosts, which therefore notice nothing but silence.
 */
export class Switch {
  readonly #shell: Shell;
  #losses: readonly Loss[] = [];

  /** @param shell runs in the network namespace of the switch */
  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** Snooping is off: without a querier it would forget the multicast groups of the hosts. */
  async addNetworks(networks: readonly LabNetwork[]): Promise<void> {
    await this.#ip(
      networks.flatMap(({ name }) => [
        `link add ${name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
        `link set ${name} up`,
      ]),
    );
  }

  /**
   * Lay a wire from each port into the network namespace of process `pid`, a number of the keeper's pid namespace.
   *
   * @param group number that all ports of one host share, unlike any other host's, from 2
   */
  async plug(ports: readonly Port[], group: number, pid: number): Promise<void> {
    await this.#ip([
      ...ports.map(
        ({ name, network, interface: inside, mac }) =>
          `link add ${name} group ${group} master ${network.name} type veth ` +
          `peer name ${inside} address ${mac} netns ${pid}`,
      ),
      `link set group ${group} up`,
    ]);
  }

  /** From here on no packet of the host passes any more. */
  async silence(group: number): Promise<void> {
    await this.#shell.run(`ip link set group ${group} down`);
  }

  /** Take away what wires are left of a host that is off. The kernel does it too, but at a moment of its own choice. */
  async unplug(group: number): Promise<void> {
    await this.#shell.run(`ip link delete group ${group} type veth 2>/dev/null || :`);
  }

  /** Replace all that is being lost. */
  async setLosses(losses: readonly Loss[]): Promise<void> {
    if (losses.length === 0 && this.#losses.length === 0) return;
    this.#losses = losses;
    const lines = switchRules(losses).split("\n");
    await this.#shell.run(`printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} | nft -f -`);
  }

  /** Run any command in the namespace of the switch, such as `tcpdump` with a limit. */
  async run(command: string): Promise<string> {
    return this.#shell.run(command);
  }

  async #ip(commands: readonly string[]): Promise<void> {
    await this.#shell.run(`printf '%s\\n' ${commands.map((command) => `'${command}'`).join(" ")} | ip -batch -`);
  }
}
