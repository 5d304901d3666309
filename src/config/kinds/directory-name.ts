/** The name of what is at a folder: `/srv/www` -> `srv-www`. */
export function directoryName(directory: string): string {
  return directory.replaceAll(/^\/|\/$/g, "").replaceAll(/[^A-Za-z0-9._-]+/g, "-");
}
