/** A path of this installation as a whole address, every character of it one that an address may hold. */
export function linkTo(publicUrl: string, path: string): string {
  return new URL(`${publicUrl}${path}`).href;
}
