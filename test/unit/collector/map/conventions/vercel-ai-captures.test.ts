import { describeCaptures } from '../describe-capture.ts';

describeCaptures('vercel-', {
  // A root that repeats its calls is no call; only both integrations at once report each of them twice.
  copies: ({ id }) => (id.startsWith('vercel-ai7-both-') ? 2n : 1n),
  // The model gave more than the tool's schema has.
  calledWith: ({ id }, given) => (id === 'vercel-ai7-legacy-subagent' ? { prompt: (given as Asked).prompt } : given),
  sentResult: ({ id }, result) => (id === 'vercel-ai7-legacy-subagent' ? result : { forecast: result }),
  messageAttributes:
    /^(ai\.prompt(\.messages|\.tools)?|ai\.response\.(text|object|toolCalls)|gen_ai\.(in|out)put\.messages)$/,
});

interface Asked {
  prompt: string;
}
