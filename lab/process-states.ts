import { readdir, readFile } from "node:fs/promises";

/**
 * The state letters (`R`, `S`, `T`, `Z`, ... of proc(5)) of all processes of a host but its first.
 *
 * @param pid the host's process 1 as the machine sees it
 */
export async function processStates(pid: number): Promise<readonly string[]> {
  const proc = `/proc/${pid}/root/proc`;
  const processes = (await readdir(proc)).filter((name) => /^\d+$/.test(name) && name !== "1");
  const states = await Promise.all(
    processes.map(async (name) => {
      const stat = await readFile(`${proc}/${name}/stat`, "utf8").catch(() => ""); // It has ended meanwhile.
      // The name before the last parenthesis may hold anything.
      return stat.slice(stat.lastIndexOf(")") + 2).charAt(0);
    }),
  );
  return states.filter((state) => state !== "");
}
