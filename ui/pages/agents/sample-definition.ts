/** A definition that runs as it is, without any key. */
export const sampleDefinition = `name: hello
description: Greets people.
instructions: You greet {{who}} and answer in one sentence.
variables:
  who: { default: people }
model:
  - simulated/quick # or openai/gpt-5-mini with OPENAI_API_KEY set; several take over from each other
limits: { maxSteps: 8, turnTimeout: 60s, maxCostPerTurn: 0.10 }
`;
