/** What to type to run the seeds of one test again: the same ones, in the same order, with the same end. */
export function replayLine(project: "seeds" | "exploration", test: string): string {
  return `npx vitest run --project ${project} -t ${JSON.stringify(test)}`;
}
