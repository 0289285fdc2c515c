import type { Dice } from './dice.ts';
import { brokenJson, deepJson, knownNames, nastyJson, nastyNames, nastyText } from './nasty.ts';

/** JSON as it is written: an object may have a key twice, and a leaf is any text. */
type Node = { entries: [key: string, value: Node][] } | { items: Node[] } | { text: string };

/** A place in a tree where a value stands. */
interface Slot {
  get: () => Node;
  set: (node: Node) => void;
}

/** The text with a few changes; undefined where it is no JSON list or object. `other` is what pieces are taken from. */
export function mutateJsonText(text: string, other: string, dice: Dice): string | undefined {
  const tree = parse(text);
  if (tree === undefined || 'text' in tree) return undefined;
  const root = { value: tree };
  for (let left = dice.pick([1, 1, 2, 4]); left > 0; left -= 1) change(root, other, dice);
  return write(root.value);
}

function change(root: { value: Node }, other: string, dice: Dice): void {
  const slots = slotsOf(root);
  // What stands in text reaches further than what breaks the frame.
  const inText = dice.chance(0.4) ? dice.pickAny(slots.filter(holdsText)) : undefined;
  if (inText !== undefined) {
    changeLeaf(inText, other, dice);
    return;
  }
  const slot = dice.pickAny(slots);
  if (slot === undefined) return;
  const node = slot.get();
  switch (dice.below(9)) {
    case 0:
      slot.set({ text: dice.chance(0.95) ? dice.pick(nastyJson) : dice.pick(brokenJson) });
      break;
    case 1:
      slot.set({ text: deepJson(dice) });
      break;
    case 2:
      slot.set({ text: JSON.stringify(nastyText(dice)) });
      break;
    case 3:
      slot.set(dice.chance(0.5) ? { items: [node] } : { entries: [[dice.pick(nastyNames), node]] });
      break;
    case 4:
      slot.set(copy(slots[dice.below(slots.length)]?.get() ?? node));
      break;
    case 5: {
      const foreign = parse(other);
      const grafts = foreign === undefined ? [] : slotsOf({ value: foreign });
      slot.set(dice.pickAny(grafts)?.get() ?? node);
      break;
    }
    case 6:
      changeMembers(node, dice);
      break;
    default:
      changeLeaf(slot, other, dice);
  }
}

function holdsText({ get }: Slot): boolean {
  const node = get();
  return 'text' in node && node.text.startsWith('"') && node.text.length > textMinCharacters;
}

/** Names of fields and types are shorter. */
const textMinCharacters = 30;

function changeMembers(node: Node, dice: Dice): void {
  if ('text' in node) return;
  const members: unknown[] = 'items' in node ? node.items : node.entries;
  const at = dice.below(members.length);
  const member = members[at];
  if (member === undefined) return;
  switch (dice.below(3)) {
    case 0:
      members.splice(at, 1);
      break;
    case 1:
      members.splice(at, 0, ...Array.from({ length: dice.pick([1, 2, 20]) }, () => member));
      break;
    default:
      if ('entries' in node) {
        const [, value] = node.entries[at] ?? ['', { text: 'null' }];
        node.entries[at] = [dice.chance(0.5) ? dice.pick(nastyNames) : (dice.pickAny(knownNames) ?? ''), value];
      } else node.items.reverse();
  }
}

/** A leaf of another type or value; text that holds JSON is changed inside. */
function changeLeaf(slot: Slot, other: string, dice: Dice): void {
  const node = slot.get();
  if (!('text' in node)) return;
  const inner = node.text.startsWith('"') ? parse(`[${node.text}]`) : undefined;
  if (inner !== undefined) {
    const said = JSON.parse(node.text) as string;
    slot.set({ text: JSON.stringify(mutateText(said, other, dice)) });
  } else slot.set({ text: dice.chance(0.5) ? `"${node.text}"` : dice.pick(nastyJson) });
}

/** Any text with a few changes: as JSON where it is JSON, else as characters. */
export function mutateText(text: string, other: string, dice: Dice): string {
  const changed = dice.chance(0.7) ? mutateJsonText(text, other, dice) : undefined;
  if (changed !== undefined) return changed;
  const at = dice.below(text.length + 1);
  switch (dice.below(4)) {
    case 0:
      return nastyText(dice);
    case 1:
      return text.slice(0, at);
    case 2:
      return text.slice(0, at) + nastyText(dice) + text.slice(at);
    default:
      return text.slice(0, at) + text.slice(at + 1 + dice.below(8));
  }
}

function parse(text: string): Node | undefined {
  try {
    return nodeOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Real bodies are not so deep; what an earlier change made deeper is changed as text. */
const depthMax = 200;

function nodeOf(value: unknown, depth = 0): Node {
  if (depth > depthMax) throw new RangeError(`deeper than ${String(depthMax)}`);
  if (Array.isArray(value)) return { items: value.map((item) => nodeOf(item, depth + 1)) };
  if (typeof value !== 'object' || value === null) return { text: JSON.stringify(value) };
  return { entries: Object.entries(value).map(([key, entry]) => [key, nodeOf(entry, depth + 1)]) };
}

/** A place must not come to stand inside of itself. */
function copy(node: Node): Node {
  if ('text' in node) return node;
  if ('items' in node) return { items: node.items.map(copy) };
  return { entries: node.entries.map(([key, value]) => [key, copy(value)]) };
}

function write(node: Node): string {
  if ('text' in node) return node.text;
  if ('items' in node) return `[${node.items.map(write).join(',')}]`;
  return `{${node.entries.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',')}}`;
}

function slotsOf(root: { value: Node }): Slot[] {
  const slots: Slot[] = [{ get: () => root.value, set: (node) => (root.value = node) }];
  for (let at = 0; at < slots.length && slots.length < 20_000; at += 1) {
    const node = slots[at]?.get();
    if (node === undefined || 'text' in node) continue;
    if ('items' in node) {
      const { items } = node;
      items.forEach((item, index) => slots.push({ get: () => items[index] ?? item, set: (to) => (items[index] = to) }));
    } else {
      for (const entry of node.entries) slots.push({ get: () => entry[1], set: (to) => (entry[1] = to) });
    }
  }
  return slots;
}
