/** The sum of all series of a metric at a program's `/metrics`; 0 where there is none yet. */
export async function readMetricSum(origin: string, name: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  const values = text.split('\n').flatMap((line) => {
    const isSeries = line.startsWith(`${name}{`) || line.startsWith(`${name} `);
    return isSeries ? [Number(line.slice(line.lastIndexOf(' ') + 1))] : [];
  });
  return values.reduce((sum, value) => sum + value, 0);
}
