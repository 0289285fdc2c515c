/** Budgets that are looked at side by side: each asks the database some questions. */
const atOnceMax = 6;

/** As `Promise.all` over a list, a few at a time; in the order of the list. */
export async function mapSome<Item, Result>(
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await map(items[i] as Item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, work));
  return results;
}
