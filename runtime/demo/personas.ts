import { pick, type Random } from '../models/simulated-random.ts';
import { articles } from './library-articles.ts';
import { brokenOrderId, type Customer, type Order, type OrderState, slowOrderId, type World } from './world.ts';

/** Somebody with a goal, and how he or she goes about it. */
export interface Persona {
  name: string;
  /** How often it is met, compared with the others. */
  weight: number;
  /** Who is spoken to: `agent/support`, or a model by its name. */
  models: readonly string[];
  labels: Readonly<Record<string, string>>;
  goal: (about: About) => Goal;
}

/** What a conversation is about. */
export interface About {
  world: World;
  customer: Customer;
  random: Random;
}

export interface Goal {
  /** In this order, as far as the answers let them; the first one opens. */
  lines: readonly string[];
  /** For answers that ask for it. */
  orderId?: string;
  /** What is said when an agent asks whether it shall go on. */
  confirms?: boolean;
  /** Becomes unfriendly when things go wrong. */
  isImpatient?: boolean;
  /** Goes on whatever happens. */
  isPatient?: boolean;
}

const states = {
  moving: ['shipped', 'delayed'],
  waiting: ['paid', 'packed'],
  arrived: ['delivered'],
} as const satisfies Record<string, readonly OrderState[]>;

export const personas: readonly Persona[] = [
  {
    name: 'waits for a parcel',
    weight: 9,
    models: ['agent/support'],
    labels: { channel: 'chat' },
    goal: ({ world, random }) => {
      const { id } = pickOrder(world, random, [...states.moving, ...states.waiting, ...states.arrived]);
      return {
        orderId: id,
        lines: [
          pick(
            [
              `Where is my order ${id}?`,
              `Hi, can you track order ${id} for me?`,
              'Where is my parcel? It should have been here.',
              `When does order ${id} arrive?`,
            ],
            random,
          ),
          ...some(
            [
              'And which company delivers it?',
              `Is order ${id} still on time?`,
              'Do you have a garden hose in stock too?',
            ],
            random,
          ),
          pick(['Thanks!', 'Great, thank you.', 'Perfect, bye'], random),
        ],
      };
    },
  },
  {
    name: 'changed their mind',
    weight: 4,
    models: ['agent/support'],
    labels: { channel: 'chat' },
    goal: ({ world, random }) => {
      const { id } = pickOrder(world, random, random() < 0.7 ? states.waiting : states.moving);
      return {
        orderId: id,
        confirms: random() < 0.8,
        lines: [
          pick(
            [
              `Please cancel order ${id}.`,
              'I want to cancel my order.',
              `Can I still cancel ${id}? I found it cheaper.`,
            ],
            random,
          ),
          'When do I get my money?',
          'Thanks',
        ],
      };
    },
  },
  {
    name: 'got damaged goods',
    weight: 5,
    models: ['agent/support'],
    labels: { channel: 'e-mail' },
    goal: ({ world, random }) => {
      const order = pickOrder(world, random, states.arrived);
      const thing = order.items[0]?.name ?? 'thing';
      return {
        orderId: order.id,
        isImpatient: true,
        lines: [
          pick(
            [
              `The ${thing} of order ${order.id} arrived damaged. I want my money back.`,
              `Order ${order.id}: the ${thing} is scratched all over. Refund please!`,
              `You sent me the wrong item in order ${order.id}.`,
            ],
            random,
          ),
          ...some(
            ['That took long enough. Who pays for the return?', 'I want to talk to a person about this.'],
            random,
          ),
        ],
      };
    },
  },
  {
    name: 'waited too long',
    weight: 3,
    models: ['agent/support'],
    labels: { channel: 'chat' },
    goal: ({ world, random }) => {
      const { id } = pickOrder(world, random, ['delayed']);
      return {
        orderId: id,
        isImpatient: true,
        lines: [
          `Order ${id} is two weeks late, this is ridiculous. Where is it?`,
          `I want a refund for order ${id}.`,
          'Fine.',
        ],
      };
    },
  },
  {
    name: 'meets the bad days of the shop',
    weight: 3,
    models: ['agent/support'],
    labels: { channel: 'chat' },
    goal: ({ random }) => {
      const id = pick([brokenOrderId, slowOrderId, '9120'], random);
      return {
        orderId: id,
        isImpatient: true,
        lines: [
          `What is the status of order ${id}?`,
          `Can you look up order ${id} once more?`,
          'This is useless. Give me a manager.',
        ],
      };
    },
  },
  {
    name: 'furnishes a garden',
    weight: 4,
    models: ['agent/support'],
    labels: { channel: 'app' },
    goal: ({ random }) => ({
      lines: [
        pick(
          [
            'Do you have garden sheds?',
            'I am looking for a greenhouse.',
            'What does a cordless mower cost, is it in stock?',
            'Can you recommend something for watering ten plants?',
          ],
          random,
        ),
        ...some(['Do you sell benches as well?', 'How much is a gas grill?', 'And do you have solar lights?'], random),
        'Thank you!',
      ],
    }),
  },
  {
    name: 'has lost the order number',
    weight: 2,
    models: ['agent/support'],
    labels: { channel: 'chat' },
    goal: ({ world, customer }) => {
      const own = world.orders.find(({ customerId }) => customerId === customer.id)?.id ?? '1001';
      return {
        orderId: own,
        lines: [
          'I cannot find my order number. What do you know about my account?',
          `My e-mail is ${customer.email}.`,
          `Where is order ${own} then?`,
          'Great, thanks',
        ],
      };
    },
  },
  {
    name: 'researches',
    weight: 6,
    models: ['agent/research'],
    labels: { channel: 'internal' },
    goal: ({ random }) => {
      const about = pick(articles, random);
      return {
        lines: [
          pick(
            [
              `What is known about ${about.title.toLowerCase().replace(/[?:].*$/, '')}?`,
              `I write about ${about.topic}. What do the figures say?`,
              `${about.topic}: is it worth it, and what does it cost?`,
            ],
            random,
          ),
          ...some(
            [
              'Can you say that in one sentence?',
              'Which article is that from?',
              `And how does that compare with ${pick(articles, random).topic}?`,
              `What about ${pick(articles, random).topic} in old houses?`,
              'Is there anything about wind turbines?',
            ],
            random,
          ),
          'Thanks, that helps.',
        ],
      };
    },
  },
  {
    name: 'prepares a call',
    weight: 4,
    models: ['agent/account-manager'],
    labels: { channel: 'internal', region: 'north' },
    goal: ({ world, random }) => {
      const { id, name, email } = pick(world.customers, random);
      return {
        lines: [
          pick(
            [`I call ${name} in ten minutes. What should I know?`, `Who is ${email}?`, `Tell me about customer ${id}.`],
            random,
          ),
          ...some(
            [
              'When was the last contact?',
              'Please add a note: asked for a quote for two sheds.',
              `And what about ${pick(world.customers, random).name}?`,
            ],
            random,
          ),
          'Thanks!',
        ],
      };
    },
  },
  {
    name: 'says hello',
    weight: 2,
    models: ['agent/hello'],
    labels: {},
    goal: ({ customer, random }) => ({
      lines: [
        `Hello, I am ${customer.name.split(' ')[0] ?? 'Kim'}!`,
        ...some(['What do you think of rainy gardens?', 'What can I do with an old shed?'], random),
      ],
    }),
  },
  ...troublemakers(),
  {
    name: 'calls models directly',
    weight: 6,
    models: ['simulated/quick', 'simulated/careful', 'simulated/slow', 'simulated/quick', 'simulated/flaky'],
    labels: { team: 'marketing', use_case: 'product-texts' },
    goal: ({ random }) => ({
      lines: [
        pick(
          [
            'Write two sentences about a teak bench for two.',
            'Find a name for a shed made of larch.',
            'Explain in plain words why raised beds are popular.',
          ],
          random,
        ),
        ...some(['Make it warmer.', 'Now for a newsletter.'], random),
      ],
    }),
  },
];

/** One for each way in which the stumbler stumbles. */
function troublemakers(): Persona[] {
  const ways: Readonly<Record<string, Goal>> = {
    'a loop': {
      orderId: '1042',
      lines: ['Is order 1042 still on its way? Look again until it is.', 'Try the loop once more with 1042.'],
    },
    everything: {
      lines: ['Tell me everything you can find out about all orders of the shop.', 'Now the supplier of MOW-18.'],
    },
    'a supplier': {
      lines: [
        'When is MOW-18 in stock again? Ask the supplier.',
        'Ask the supplier of SHED-09 then.',
        'And the supplier of GRH-02?',
      ],
    },
    'a slip of the tongue': { lines: ['Find order number one, I mean 1042.', 'What do you have in stock?'] },
    'ever more': {
      lines: [
        'Give me a report of all orders.',
        'I need the report with totals as well.',
        'One more report, for the board.',
        'And a last report, please.',
      ],
    },
    'an essay': { lines: ['Write me an essay about garden sheds.', 'Make it longer.'] },
  };
  return Object.entries(ways).map(([what, goal]) => ({
    name: `asks for trouble: ${what}`,
    weight: 1,
    models: ['agent/stumbler'],
    labels: { channel: 'test' },
    goal: () => ({ ...goal, isPatient: true }),
  }));
}

function pickOrder({ orders }: World, random: Random, wanted: readonly OrderState[]): Order {
  return pick(
    orders.filter(({ id, state }) => wanted.includes(state) && id !== brokenOrderId && id !== slowOrderId),
    random,
  );
}

/** None, one or some, in their order. */
function some(lines: readonly string[], random: Random): string[] {
  return lines.filter(() => random() < 0.45);
}
