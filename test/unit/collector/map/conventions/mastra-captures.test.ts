import { describeCaptures } from '../describe-capture.ts';

describeCaptures('mastra-', {
  // The span of a call has only the text, and not the id: steps have the rest, the id in the body of the HTTP response.
  hasAnswersAround: true,
  hasResponseIds: () => false,
  sentResult: (_capture, result) => ({ forecast: result }),
  messageAttributes: /^gen_ai\.(in|out)put\.messages$|^mastra\.[a-z_]+\.(in|out)put$/,
});
