import { BlockList, isIP } from 'node:net';

/** Everything of IPv4 that is not of the public internet (IANA special-purpose registry), and the metadata service that is. */
const notPublicV4 = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // shared by customers of a carrier; metadata of Alibaba Cloud
  ['127.0.0.0', 8], // loopback
  ['168.63.129.16', 32], // platform service of Azure
  ['169.254.0.0', 16], // link-local; metadata of most clouds
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments; metadata of Oracle Cloud
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // relays of 6to4
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
] as const;

/** Of IPv6 only this block is public, and of it not the ranges below. */
const publicV6 = ['2000::', 3] as const;
const notPublicV6 = [
  ['2001::', 23], // protocol assignments: Teredo, ORCHID, benchmarks
  ['2001:db8::', 32], // documentation
  ['3fff::', 20], // documentation
] as const;

/** IPv6 addresses that stand for an IPv4 address: its place in them, as the number of the first of two groups. */
const embeddings = [
  { prefix: [0, 0, 0, 0, 0, 0xff_ff], at: 6 }, // ::ffff:a.b.c.d
  { prefix: [0x64, 0xff_9b, 0, 0, 0, 0], at: 6 }, // NAT64
  { prefix: [0x20_02], at: 1 }, // 6to4
];

const v4 = new BlockList();
for (const [net, bits] of notPublicV4) v4.addSubnet(net, bits, 'ipv4');
const v6 = new BlockList();
v6.addSubnet(...publicV6, 'ipv6');
const v6Exceptions = new BlockList();
for (const [net, bits] of notPublicV6) v6Exceptions.addSubnet(net, bits, 'ipv6');

/**
 * Whether an IP address is of the public internet: not of this machine, a private or a link-local network, a carrier or a cloud's
 * metadata service. What is no IP address is not public. IPv6 with or without zone, without brackets.
 */
export function isPublicAddress(address: string): boolean {
  const [bare = '', zone] = address.split('%');
  const family = isIP(bare);
  if (family === 4) return !v4.check(bare, 'ipv4');
  if (family !== 6 || zone !== undefined) return false;
  const embedded = findEmbeddedV4(bare);
  if (embedded !== undefined) return !v4.check(embedded, 'ipv4');
  return v6.check(bare, 'ipv6') && !v6Exceptions.check(bare, 'ipv6');
}

function findEmbeddedV4(address: string): string | undefined {
  const groups = expandGroups(address);
  const found = embeddings.find(({ prefix }) => prefix.every((group, i) => groups[i] === group));
  if (found === undefined) return undefined;
  const [high = 0, low = 0] = groups.slice(found.at, found.at + 2);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight groups of an IPv6 address. */
function expandGroups(address: string): number[] {
  // An address parser of the platform writes the last two groups as hexadecimal digits and all letters small.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const read = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [first, last] = [read(head), read(tail ?? '')];
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}
