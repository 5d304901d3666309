import { join } from "node:path";
import { FileArbiterDisk } from "../adapters/arbiter-disk/file-arbiter-disk.ts";
import { createDelayAgent } from "../adapters/delay/delay-agent.ts";
import { createExecAgent } from "../adapters/exec/exec-agent.ts";
import { createFilesystemAgent } from "../adapters/filesystem/filesystem-agent.ts";
import { FileJournal } from "../adapters/journal/file-journal.ts";
import { IcmpReach } from "../adapters/icmp/icmp-reach.ts";
import { createLsbAgent } from "../adapters/lsb/lsb-agent.ts";
import { AddressAgent } from "../adapters/netlink/address-agent.ts";
import { NetworkTransport } from "../adapters/network/network-transport.ts";
import { UdpWitnessLink } from "../adapters/network/udp-witness-link.ts";
import { OcfAgent } from "../adapters/ocf/ocf-agent.ts";
import { ProgramRunner } from "../adapters/process/program-runner.ts";
import { createRhcsAgent } from "../adapters/rhcs/rhcs-agent.ts";
import { createSambaAgent } from "../adapters/samba/samba-agent.ts";
import { createSystemdAgent } from "../adapters/systemd/systemd-agent.ts";
import { KernelWatchdog } from "../adapters/watchdog/kernel-watchdog.ts";
import type { DaemonPorts } from "../daemon/setup.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import type { NodeId } from "../model/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { createFenceDevices } from "./fence-devices.ts";
import type { Folders } from "./folders.ts";
import type { KeyRing } from "./key-ring.ts";
import { startHeartbeat } from "./start-heartbeat.ts";

/** What the real adapters are made of. */
export interface PortsOptions {
  readonly folders: Folders;
  readonly config: ClusterConfig;
  readonly keyRing: KeyRing;
  readonly self: NodeId;
  readonly clock: Clock;
  readonly log: Log;
  /** Every thread of this process runs in real time. */
  readonly isDaemonRaised: boolean;
  /** The beat thread is gone for good: a daemon that others cannot hear must not go on. */
  readonly onBeatLost: (reason: string) => void;
}

/** Every port of the daemon with its real adapter: the only list of them. */
export function makePorts(options: PortsOptions): DaemonPorts {
  const { folders, config, keyRing, self, clock, log, isDaemonRaised, onBeatLost } = options;
  const note = (text: string): void => log.write("warning", text);
  const runner = new ProgramRunner({ outputFolder: join(folders.run, "output") });
  const address = new AddressAgent({ clock, runner, onProblem: note });
  return {
    clock,
    log,
    journal: new FileJournal(folders.state),
    transport: new NetworkTransport({ self, config, clock, onNote: note }),
    ...(config.quorum.kind === "witness" ? { witness: new UdpWitnessLink({ ...config.quorum, clock }) } : {}),
    ...(config.quorum.kind === "disk" ? { arbiterDisk: new FileArbiterDisk(config.quorum.path, note) } : {}),
    agents: [
      address,
      new OcfAgent({ clock, runner, node: self, tools: join(folders.state, "agent-tools") }),
      createLsbAgent({ clock, runner }),
      createExecAgent({ clock, runner, node: self }),
      createFilesystemAgent({ clock, runner }),
      createSystemdAgent({ clock, runner }),
      createSambaAgent({ clock, runner, folder: join(folders.run, "samba") }),
      createDelayAgent({ clock, runner, folder: join(folders.run, "delay") }),
      createRhcsAgent({ clock, runner }),
    ],
    fence: createFenceDevices({ runner }),
    watchdog: new KernelWatchdog(note),
    announcer: address,
    warden: address,
    reach: new IcmpReach(),
    endLeftovers: () => runner.endLeftovers(),
    makeBeater: (incarnation) =>
      startHeartbeat({
        config,
        keyRing,
        self,
        incarnation,
        clock,
        isDaemonRaised,
        onNote: note,
        onGivenUp: onBeatLost,
      }),
  };
}
