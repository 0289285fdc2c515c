import { describeCaptures } from '../describe-capture.ts';

describeCaptures('langfuse-', {
  hasResponseIds: ({ id }) => !id.startsWith('langfuse-langchain-'),
  messageAttributes: /^langfuse\.(observation|trace)\.(input|output)$/,
});
