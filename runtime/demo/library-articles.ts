export interface Article {
  id: string;
  title: string;
  topic: string;
  year: number;
  text: string;
}

/** A small corpus to do research in. Written for the demo: plausible, not authoritative. */
export const articles: readonly Article[] = [
  {
    id: 'a01',
    title: 'Heat pumps in old houses',
    topic: 'heat pumps',
    year: 2024,
    text: 'Field measurements in 77 renovated houses built before 1980 gave a seasonal performance factor of 3.1 for air-source and 4.1 for ground-source heat pumps. The flow temperature decides: every degree less saves about 2.5 % of electricity. In one house of four, two or three larger radiators were enough to come below 50 °C.',
  },
  {
    id: 'a02',
    title: 'How loud is a heat pump?',
    topic: 'heat pumps',
    year: 2023,
    text: 'Modern outdoor units have a sound power of 50 to 60 dB(A). At five metres that is about 35 dB(A) in the open, and up to 9 dB more in a corner between two walls. Most complaints come from units placed below bedroom windows.',
  },
  {
    id: 'a03',
    title: 'Heat pumps: costs over fifteen years',
    topic: 'heat pumps',
    year: 2025,
    text: 'For a house with a heat demand of 15,000 kWh a year an air-source heat pump costs 28,000 to 36,000 euros installed, before grants. With electricity at 0.27 and gas at 0.12 euros per kWh it breaks even after nine to thirteen years; without grants after fifteen or more.',
  },
  {
    id: 'a04',
    title: 'Home batteries: what they are worth',
    topic: 'home batteries',
    year: 2025,
    text: 'A battery of 10 kWh raises the self-consumption of a 9 kWp solar roof from 30 to about 62 %. Prices fell from 900 to 480 euros per kWh between 2021 and 2025. Beyond one kWh of storage per kWp the gain is small.',
  },
  {
    id: 'a05',
    title: 'Ageing of lithium iron phosphate cells',
    topic: 'home batteries',
    year: 2024,
    text: 'After 6,000 cycles at 25 °C cells held 82 % of their capacity. Calendar ageing matters more than cycles: a battery that is kept above 90 % charge loses about twice as much a year as one kept between 20 and 80 %.',
  },
  {
    id: 'a06',
    title: 'Fire risk of home batteries',
    topic: 'home batteries',
    year: 2024,
    text: 'A register of 1.1 million systems counts about 0.005 fires per hundred systems a year, which is below the figure for tumble dryers. Nearly all started in the power electronics or after water had entered.',
  },
  {
    id: 'a07',
    title: 'Solar roofs facing east and west',
    topic: 'solar power',
    year: 2023,
    text: 'A roof that faces east and west yields 80 to 85 % of one that faces south, but spreads it over the day: the peak at noon is a third lower, and self-consumption without a battery rises from 30 to 36 %.',
  },
  {
    id: 'a08',
    title: 'Solar panels on balconies',
    topic: 'solar power',
    year: 2025,
    text: 'Two panels with 800 W at the inverter give 550 to 750 kWh a year on a balcony that faces south. Households with a base load of 150 W use about 70 % of it themselves. The set pays for itself in three to five years.',
  },
  {
    id: 'a09',
    title: 'Insulating the top floor ceiling',
    topic: 'insulation',
    year: 2022,
    text: 'Insulating the top floor ceiling with 24 cm costs 40 to 70 euros per square metre and saves 7 to 9 % of heating. It pays back in four to eight years, faster than any other part of the envelope, and can be done in a weekend.',
  },
  {
    id: 'a10',
    title: 'Windows or walls first?',
    topic: 'insulation',
    year: 2023,
    text: 'New windows in uninsulated walls move the coldest surface to the wall: mould appeared in 14 % of such flats within three winters. Insulate first, or ventilate by plan.',
  },
  {
    id: 'a11',
    title: 'Charging at home: eleven kilowatts are enough',
    topic: 'electric cars',
    year: 2024,
    text: 'Cars of commuters stand eleven hours a night and need 7 kWh on average. Charging with 11 kW takes under an hour. Load management lets four cars share one household connection without a larger fuse.',
  },
  {
    id: 'a12',
    title: 'Cars as batteries for the house',
    topic: 'electric cars',
    year: 2025,
    text: 'In a trial with 200 households, cars that fed the house covered 38 % of its evening demand. Additional ageing was 1.2 % in two years. Few wall boxes and eleven models supported it in 2025.',
  },
];

/** Its text cannot be read: the library loses things as others do. */
export const lostArticleId = 'a10';
