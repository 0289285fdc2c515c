import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { decodeCapture, loadCaptures } from '../support/captures.ts';
import { postCapture } from '../support/post-traces.ts';
import { readSentMessages } from '../support/sent-messages.ts';
import { type System, startSystem } from '../support/system.ts';

let system: System;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
});
afterAll(async () => {
  await browser.close();
  await system.remove();
});

const captures = loadCaptures('otel-openai-').map((capture) => [capture.id, capture] as const);

describe('the trace page', () => {
  it.each(captures)('shows every span, message and tool call as sent: %s', async (_id, capture) => {
    await postCapture(system.otlp, capture);
    const { spans, logs } = decodeCapture(capture);
    for (const span of spans) {
      await page.goto(`${system.url}/traces/${span.traceId}?span=${span.spanId}&tab=messages`);
      await waitForIdle(page);
      const inTrace = spans.filter(({ traceId }) => traceId === span.traceId);
      expect(await page.getByRole('treegrid').getAttribute('aria-rowcount')).toBe(String(inTrace.length + 1));
      await expectText(page.getByRole('row', { selected: true }), [span.name]);

      const sent = readSentMessages(span, logs);
      if (sent !== undefined) {
        await page.keyboard.press('r');
        const contents = [...sent.input, ...sent.output].map(contentOf);
        await expectText(page.getByRole('tabpanel'), contents);
      }
      await page.getByRole('tab', { name: 'Raw' }).click();
      await expectText(page.getByRole('tabpanel'), [
        `"traceId": "${span.traceId}"`,
        `"spanId": "${span.spanId}"`,
        `"startTimeUnixNano": "${span.startTimeUnixNano}"`,
        `"endTimeUnixNano": "${span.endTimeUnixNano}"`,
      ]);
    }
  });
});

/** The payload of a line such as `assistant tool_call call_1 get_weather {"city":"Paris"}`; a text without its quotes. */
function contentOf(line: string): string {
  const json = /^(?:assistant tool_call \S+ \S+|tool result \S+|\S+ \S+) (.*)$/s.exec(line)?.[1] ?? '';
  const value: unknown = JSON.parse(json);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Every text is there; white space aside, which the page uses for layout. */
async function expectText(place: ReturnType<Page['locator']>, texts: readonly string[]): Promise<void> {
  const squeeze = (text: string) => text.replace(/\s/g, '');
  await expect
    .poll(async () => {
      const shown = squeeze((await place.textContent()) ?? '');
      return texts.filter((text) => !shown.includes(squeeze(text)));
    })
    .toEqual([]);
}
