import { describe, expect, it } from 'vitest';
import { type CapturePost, planPosts } from '../../support/capture-posts.ts';
import { decodeCapture, loadCaptures, readCaptureBody } from '../../support/captures.ts';
import { decodeSpans, type SentSpan } from '../../support/otlp-decode.ts';

const captures = loadCaptures();

describe('planPosts', () => {
  it('sends the bytes of the SDK, in its order', () => {
    for (const capture of captures) {
      expect(planPosts(capture).map(({ body }) => body)).toEqual(capture.requests.map(readCaptureBody));
    }
  });

  it('sends the last request first, and each twice in a row', () => {
    const [capture] = loadCaptures('openinference-openai-tools-simple');
    if (capture === undefined) throw new Error('the capture is missing');
    const files = capture.requests.map(({ file }) => file);
    const twice = files.toReversed().flatMap((file) => [file, file]);
    expect(planPosts(capture, { reversed: true, times: 2 }).map(({ what }) => what)).toEqual(twice);
  });

  it.each(captures.map((capture) => [capture.id, capture] as const))('splits %s without a change', (_id, capture) => {
    const split = spansOf(planPosts(capture, { split: true }));
    expect(split.every((spans) => spans.length === 1)).toBe(true);
    expect(byId(split.flat())).toEqual(byId(decodeCapture(capture).spans));
    expect(logsOf(planPosts(capture, { split: true }))).toEqual(logsOf(planPosts(capture)));
  });

  it.each([
    ['children before their parents', false],
    ['parents before their children', true],
  ])('sends %s', (_what, reversed) => {
    for (const capture of captures) {
      const spans = spansOf(planPosts(capture, { split: true, reversed })).flat();
      const places = new Map(spans.map(({ spanId }, place) => [spanId, place]));
      for (const { spanId, parentSpanId } of spans) {
        const parentPlace = places.get(parentSpanId ?? '');
        if (parentPlace !== undefined) expect(parentPlace < (places.get(spanId) ?? -1)).toBe(reversed);
      }
    }
  });
});

function spansOf(posts: readonly CapturePost[]): SentSpan[][] {
  return posts
    .filter(({ path }) => path.endsWith('/v1/traces'))
    .map(({ body, headers }) => decodeSpans({ body, contentType: headers['content-type'] ?? '' }));
}

function logsOf(posts: readonly CapturePost[]): Buffer[] {
  return posts.filter(({ path }) => path.endsWith('/v1/logs')).map(({ body }) => body);
}

function byId(spans: readonly SentSpan[]): SentSpan[] {
  return spans.toSorted((a, b) => a.spanId.localeCompare(b.spanId));
}
