import { readdir, readlink } from "node:fs/promises";
import { basename, join } from "node:path";
import type { BootStart } from "../cli/node-facts.ts";
import type { ResourceConfig } from "../model/cluster-config.ts";

/** Units that Debian's and other packages bring for the program that an agent runs, where they are not named like the agent. */
const unitsOfAgents: Readonly<Record<string, readonly string[]>> = {
  apache: ["apache2", "httpd"],
  dhcpd: ["isc-dhcp-server", "dhcpd"],
  dovecot: ["dovecot"],
  mysql: ["mysql", "mysqld", "mariadb"],
  mariadb: ["mariadb", "mysql"],
  named: ["named", "bind9"],
  nfsserver: ["nfs-server", "nfs-kernel-server"],
  pgsql: ["postgresql"],
  "postgres-8": ["postgresql"],
  "rabbitmq-cluster": ["rabbitmq-server"],
  redis: ["redis", "redis-server"],
  rsyncd: ["rsync"],
  samba: ["smbd", "nmbd"],
  slapd: ["slapd"],
  tomcat: ["tomcat", "tomcat9", "tomcat10"],
  "tomcat-6": ["tomcat", "tomcat9", "tomcat10"],
};

/** Where links have units started: `multi-user.target.wants/nginx.service`. */
const unitFolders = ["etc/systemd/system", "usr/local/lib/systemd/system"];
/** Runlevels that a machine comes up in: S is the way there, 2 to 5 are where it stays. */
const levels = ["S", "2", "3", "4", "5"];

/**
 * What is enabled by systemd, or linked by init, for a program that one of these resources runs: it would run beside hale after a boot, on every node at once.
 *
 * Only links are read: no tool is asked, and nothing need run. A unit that is started by another way (a socket, a timer, another unit's own
 * file) is not seen.
 *
 * @param root the folder that `/` is taken for
 */
export async function bootStarts(root: string, resources: readonly ResourceConfig[]): Promise<readonly BootStart[]> {
  const named = resources.flatMap((resource) => namesOf(resource).map((name) => ({ resource: resource.id, name })));
  if (named.length === 0) return [];
  const [units, scripts] = await Promise.all([enabledUnits(root), linkedScripts(root)]);
  return named.flatMap(({ resource, name }): readonly BootStart[] => {
    const unit = units.find((one) => isUnit(one.name, name));
    if (unit !== undefined) return [{ resource, name: unit.name, link: unit.link, by: "systemd" }];
    const script = scripts.find((one) => one.name === name);
    return script === undefined ? [] : [{ resource, name, link: script.link, by: "init" }];
  });
}

interface Link {
  readonly name: string;
  /** As seen from the root. */
  readonly link: string;
}

/** `postgresql` means its instances, too: they are what runs. */
function isUnit(unit: string, name: string): boolean {
  return unit === name || unit === `${name}.service` || (unit.startsWith(`${name}@`) && unit.endsWith(".service"));
}

/** Of scripts and units; what a resource starts without a program of the machine's own has none. */
function namesOf(resource: ResourceConfig): readonly string[] {
  switch (resource.kind) {
    case "systemd":
      return [resource.unit];
    case "lsb":
      return [basename(resource.script)];
    case "ocf":
      return unitsOfAgents[resource.type] ?? [resource.type];
    case "rhcs":
      return unitsOfAgents[resource.agent] ?? [resource.agent];
    case "exec":
      return namesInCommand(resource.start);
    case "samba":
      // The machine's own takes all addresses, unless it was told otherwise.
      return ["smbd", ...(resource.nmbd === true ? ["nmbd"] : [])];
    case "filesystem":
    case "address":
    case "delay":
      return [];
  }
}

/** `systemctl start nginx`, `service nginx start`, `/etc/init.d/nginx start`. */
function namesInCommand([program = "", ...words]: readonly string[]): readonly string[] {
  const name = basename(program);
  const plain = words.filter((word) => !word.startsWith("-"));
  if (name === "systemctl") return plain.slice(1);
  if (name === "service" || name === "invoke-rc.d") return plain.slice(0, 1);
  return /\/init\.d\/[^/]+$/.test(program) ? [name] : [];
}

async function enabledUnits(root: string): Promise<readonly Link[]> {
  const links = await Promise.all(
    unitFolders.map(async (folder) => {
      const targets = (await namesIn(join(root, folder))).filter((name) => /\.(wants|requires)$/.test(name));
      const found = await Promise.all(
        targets.map(async (target) =>
          (await namesIn(join(root, folder, target))).map((name) => ({ name, link: `/${folder}/${target}/${name}` })),
        ),
      );
      return found.flat();
    }),
  );
  return links.flat();
}

/** A script is named by what its link points to. Where its unit is masked, or there is one, systemd takes no notice of the links. */
async function linkedScripts(root: string): Promise<readonly Link[]> {
  const found = await Promise.all(
    levels.map(async (level) => {
      const folder = `etc/rc${level}.d`;
      const links = (await namesIn(join(root, folder))).filter((name) => /^S\d\d/.test(name));
      return Promise.all(
        links.map(async (name) => {
          const target = await readlink(join(root, folder, name)).catch(() => name.slice(3));
          return { name: basename(target), link: `/${folder}/${name}` };
        }),
      );
    }),
  );
  const scripts = found.flat();
  const units = (await isSystemd(root)) ? await unitNames(root) : new Set<string>();
  return scripts.filter(({ name }) => !units.has(`${name}.service`));
}

async function unitNames(root: string): Promise<ReadonlySet<string>> {
  const folders = [...unitFolders, "usr/lib/systemd/system", "lib/systemd/system"];
  const found = await Promise.all(folders.map(async (folder) => namesIn(join(root, folder))));
  return new Set(found.flat());
}

/** systemd is what boots this machine, as sd_booted(3) tells; a folder that stands for one says so in the same way. */
async function isSystemd(root: string): Promise<boolean> {
  return (await namesIn(join(root, "run/systemd"))).includes("system");
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).then(
    (names) => names.toSorted(),
    () => [],
  );
}
