/** One line of the palette. */
export interface PaletteCommand {
  /** Unique among all. */
  id: string;
  group: string;
  label: string;
  hint?: string;
  /** Other words that find it. */
  keywords?: readonly string[];
  /** A sentence in answer says why it did not work; the palette stays open with it. */
  run: () => Promise<string | undefined> | undefined;
  /** What the text may mean only if it names no other command. */
  isGuess?: boolean;
}
