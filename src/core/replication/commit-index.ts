/**
 * [GRP-60] An entry is committed when every member of the view, the coordinator included, has it on disk: the least of the
 * acknowledged lengths. A majority would be enough to order, but then a survivor could lack what was delivered.
 *
 * @param acknowledged durable length of each member, at least one
 */
export function commitIndex(acknowledged: readonly number[]): number {
  return Math.min(...acknowledged);
}
