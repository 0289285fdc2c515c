import { describeCaptures } from '../describe-capture.ts';

describeCaptures('langsmith-', {
  // `gen_ai.completion` is the whole response, which says more than its message.
  messageAttributes: /^gen_ai\.prompt$/,
});
