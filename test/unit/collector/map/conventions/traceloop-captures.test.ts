import { describeCaptures } from '../describe-capture.ts';

describeCaptures('traceloop-', {
  // Both of the two spans of a call that failed are there; neither has usage that could be counted twice.
  copies: ({ id, double_count_trap: isDoubled }) => (isDoubled || id === 'traceloop-anthropic-errors' ? 2n : 1n),
  hasCallIds: ({ id }) => !id.startsWith('traceloop-legacy-'),
  hasExecutionIds: ({ id }) => id !== 'traceloop-sdk-workflow',
  // `enduser.id`
  unlistedUser: ({ id }) => (id === 'traceloop-openai-tools' ? 'user-7-626d9' : undefined),
  // The index says of what failed only that it did.
  sentResult: (_capture, result) => (result === 'error' ? 'unknown city' : result),
  messageAttributes:
    /^(gen_ai\.(prompt|completion)\.\d|gen_ai\.(input|output)\.messages$|traceloop\.entity\.(input|output)$)/,
});

describeCaptures('anthropic-native-', {
  messageAttributes: /^gen_ai\.(input|output)\.messages$/,
});
