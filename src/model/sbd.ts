/** The agent of a fence device that is no program of `fence-agents` but hale's own: messages on shared disks, by Debian's `sbd`. */
export const sbdAgent = "sbd";

/** As many as sbd takes. */
export const sbdDisksMax = 3;

/** The disks of such a device. @param written its parameter `devices`, paths with commas between them */
export function sbdDisks(written: string): readonly string[] {
  return written.split(",").map((path) => path.trim());
}
