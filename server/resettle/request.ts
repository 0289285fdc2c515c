/** What is to be settled again. */
export interface ResettlementRequest {
  projectId: string;
  /** Of calls that start in the window: from inclusive, to exclusive. */
  fromNs: bigint;
  toNs: bigint;
  /** False: only says what would change. */
  commit: boolean;
}
