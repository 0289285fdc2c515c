/** What the shop of the demo sells. */
export interface Product {
  sku: string;
  name: string;
  category: string;
  priceUsd: number;
  stock: number;
  note: string;
}

export const products: readonly Product[] = [
  {
    sku: 'SHED-04',
    name: 'Elm 4 garden shed',
    category: 'sheds',
    priceUsd: 890,
    stock: 7,
    note: '4 m², larch, delivered in two parcels',
  },
  {
    sku: 'SHED-09',
    name: 'Oak 9 garden shed',
    category: 'sheds',
    priceUsd: 1640,
    stock: 2,
    note: '9 m², needs a foundation',
  },
  {
    sku: 'GRH-02',
    name: 'Clearview 2 greenhouse',
    category: 'greenhouses',
    priceUsd: 420,
    stock: 11,
    note: '2 m², aluminium and glass',
  },
  { sku: 'BED-01', name: 'Larch raised bed', category: 'beds', priceUsd: 129, stock: 40, note: '120 × 60 cm' },
  {
    sku: 'MOW-18',
    name: 'Robin 18 cordless mower',
    category: 'tools',
    priceUsd: 349,
    stock: 0,
    note: 'back in stock in two weeks',
  },
  { sku: 'SAW-03', name: 'Folding saw', category: 'tools', priceUsd: 39.5, stock: 85, note: '' },
  {
    sku: 'HOSE-25',
    name: 'Garden hose 25 m',
    category: 'watering',
    priceUsd: 54.9,
    stock: 33,
    note: 'frost-proof to -10 °C',
  },
  { sku: 'DRIP-10', name: 'Drip watering set', category: 'watering', priceUsd: 74, stock: 19, note: 'for ten plants' },
  { sku: 'LAMP-06', name: 'Solar path lights, six', category: 'light', priceUsd: 62, stock: 24, note: '' },
  { sku: 'BENCH-2', name: 'Teak bench for two', category: 'furniture', priceUsd: 315, stock: 5, note: 'pre-assembled' },
  { sku: 'GRILL-3', name: 'Ember 3 gas grill', category: 'grills', priceUsd: 479, stock: 9, note: 'hose not included' },
  { sku: 'BIRD-01', name: 'Bird feeder', category: 'small things', priceUsd: 24.9, stock: 120, note: '' },
];
