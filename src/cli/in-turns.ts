/** Each is a program that must be started; more at once only make the machine busy. */
const atOnce = 4;

/** Does something with every item, a few at once. @returns what came of each, in their order */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<number, Result>();
  const open = items.entries();
  const take = async (): Promise<void> => {
    for (const [index, item] of open) results.set(index, await work(item));
  };
  await Promise.all(Array.from({ length: atOnce }, take));
  return [...results].toSorted(([a], [b]) => a - b).map(([, result]) => result);
}
