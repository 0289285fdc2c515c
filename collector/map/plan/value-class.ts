/** What a value is, as far as rules that do not look at it can depend on it. */
export const valueClass = {
  emptyText: 1,
  /** 1 to 1024 characters that do not begin with `[`. */
  shortText: 2,
  /** 1 to 1024 characters that begin with `[`. */
  bracketText: 3,
  /** More characters. */
  longText: 4,
  /** A whole number from 0 to 2^53-1. */
  count: 5,
  double: 6,
  true: 7,
  false: 8,
  /** A list, an object or bytes. */
  opaque: 9,
} as const;
