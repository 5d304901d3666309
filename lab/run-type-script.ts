const runner = new URL("../scripts/run.mjs", import.meta.url).pathname;

/**
 * Command line that runs a TypeScript file of this room in a process of its own.
 *
 * @param file beside this one
 */
export function runTypeScript(file: string, ...args: readonly string[]): readonly string[] {
  return [process.execPath, runner, new URL(file, import.meta.url).pathname, ...args];
}
