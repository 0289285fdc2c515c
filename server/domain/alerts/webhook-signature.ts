import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/** The headers of one request as Standard Webhooks 1.0 has them; `id` stays the same over retries, the time does not. */
export function signWebhook(request: {
  /** Without a full stop. */
  id: string;
  atMs: number;
  body: string;
  /** Each `whsec_` and base64; each makes a signature. */
  secrets: readonly string[];
}): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(request.atMs / 1_000));
  const signed = `${request.id}.${timestamp}.${request.body}`;
  const signatures = request.secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  });
  return { 'webhook-id': request.id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** A secret of 32 random bytes, as it is shown to who checks signatures. */
export function formatWebhookSecret(bytes: Buffer): string {
  return `${prefix}${bytes.toString('base64')}`;
}
