import { isIP } from 'node:net';
import { ApiError } from '../../contract/errors.ts';
import { isPublicAddress } from './public-address.ts';

/** Names that mean this machine or its network wherever they are looked up. */
const privateNames = /(^|\.)(localhost|local|internal)\.?$/;

/**
 * Throws `invalid_request` for an address that no channel may have. What a name leads to is checked at each message, when it is
 * looked up; here only what is certain.
 */
export function checkAddress(text: string, { allowsPrivate }: { allowsPrivate: boolean }): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw refuse('must be an https address');
  if (url.username !== '' || url.password !== '') throw refuse('must have no user name and no password');
  if (url.hash !== '') throw refuse('must have no fragment (the part behind #)');
  if (allowsPrivate) return;
  if (url.protocol === 'http:') throw refuse(`must begin with https://; http is ${allowed}`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isPrivate = isIP(host) === 0 ? privateNames.test(host) : !isPublicAddress(host);
  if (isPrivate) throw refuse(`must not be of this machine or a private network; those are ${allowed}`);
}

const allowed = 'allowed with SIGHTGLASS_PRIVATE_TARGETS=on';

function refuse(what: string): ApiError {
  return new ApiError('invalid_request', `\`url\` ${what}`);
}
