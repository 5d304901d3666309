/** By its ActiveState. What is still starting runs already, for all that matters: parts of it do. */
export function isRunningState(active: string): boolean {
  return active === "active" || active === "reloading" || active === "activating" || active === "refreshing";
}
