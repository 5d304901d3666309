import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = "/usr/sbin/crm_simulate";
const rounds = 3;

/**
 * How long Pacemaker's own scheduler takes for the loss of one node, ms, with the reading of its input, which is how its controller calls it too; null where the
 * package pacemaker-cli-utils is not installed. Every node has its probe of every service on record, as after a start; nothing but stickiness keeps a service.
 */
export async function crmSimulateMs(nodes: number, services: number): Promise<number | null> {
  if (!existsSync(program)) return null;
  const folder = await mkdtemp(join(tmpdir(), "hale-crm-simulate-"));
  try {
    const file = join(folder, "cib.xml");
    await writeFile(file, cib(nodes, services));
    const samples = Array.from({ length: rounds }, () => {
      const from = performance.now();
      const said = execFileSync(program, ["--xml-file", file, "--run"], { encoding: "utf8", maxBuffer: 2 ** 26 });
      const ms = performance.now() - from;
      if (!/(Start|Recover|Move) +service7 /.test(said))
        throw new Error(`Cannot count a decision that leaves service7: ${said.slice(-400)}`);
      return ms;
    });
    return Math.min(...samples);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Node 7 is gone and known to be off. */
function cib(nodes: number, services: number): string {
  const each = (count: number, text: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => text(index)).join("");
  const operation = (service: number, name: string, code: number): string =>
    `<lrm_rsc_op id="service${service}_${name}_0" operation_key="service${service}_${name}_0" operation="${name}" crm_feature_set="3.16.2" transition-key="1:1:0:a" transition-magic="0:${code};1:1:0:a" call-id="${service + 1}" rc-code="${code}" op-status="0" interval="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/>`;
  const dummy = 'class="ocf" provider="heartbeat" type="Dummy"';
  const resource = (service: number, node: number): string =>
    `<lrm_resource id="service${service}" ${dummy}>${service % nodes === node ? operation(service, "start", 0) : operation(service, "monitor", 7)}</lrm_resource>`;
  const state = (node: number): string =>
    node === 7
      ? `<node_state id="8" uname="node7" in_ccm="false" crmd="offline" join="down" expected="down"/>`
      : `<node_state id="${node + 1}" uname="node${node}" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="${node + 1}"><lrm_resources>${each(services, (service) => resource(service, node))}</lrm_resources></lrm></node_state>`;
  return `<cib crm_feature_set="3.16.2" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="options"><nvpair id="fencing" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
<nodes>${each(nodes, (node) => `<node id="${node + 1}" uname="node${node}"/>`)}</nodes>
<resources>${each(services, (service) => `<primitive id="service${service}" ${dummy}/>`)}</resources><constraints/>
<rsc_defaults><meta_attributes id="defaults"><nvpair id="stay" name="resource-stickiness" value="100"/></meta_attributes></rsc_defaults>
</configuration><status>${each(nodes, state)}</status></cib>`;
}
