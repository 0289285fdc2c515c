/**
 * A start that cannot go on for a reason the user can act on. The message is one line: what is wrong and what to do.
 * The command line prints it without a stack and ends with exit code 1.
 */
export class StartError extends Error {
  override name = 'StartError';
}
