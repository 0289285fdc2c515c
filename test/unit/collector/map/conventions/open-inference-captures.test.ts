import { describeCaptures } from '../describe-capture.ts';

describeCaptures('openinference-', {
  // LangChain's instrumentation sends a tool's only argument without its name.
  sentArguments: ({ id }, given) =>
    id.startsWith('openinference-langchain') ? Object.values(given as Record<string, unknown>)[0] : given,
  messageAttributes: /^llm\.(input_messages|output_messages|tools)\./,
});
