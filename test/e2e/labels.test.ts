import type { Browser, Page } from 'playwright';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { labelledTraceCount, labelledTraceId, makeLabelledTraces } from '../support/labelled-traces.ts';
import { postSpans } from '../support/post-traces.ts';
import { type System, startSystem } from '../support/system.ts';

let system: System;
let browser: Browser;
let page: Page;

const day = 'from=2026-10-01T00:00:00.000Z&to=2026-10-02T00:00:00.000Z';
const half = labelledTraceCount / 2;
/** On a busy machine; else it is a second or two. */
const settledWithinMs = 60_000;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await postSpans(system.otlp, makeLabelledTraces(Date.UTC(2026, 9, 1, 12)));
  const checkBooked = async () => {
    const reply = await fetch(`${system.url}/api/costs?${day.replaceAll(':', '%3A')}&groupBy=label:team`);
    const { rows } = (await reply.json()) as { rows: { labels: { team: string | null } }[] };
    expect(rows.map(({ labels }) => labels.team)).toEqual(['billing', 'search']);
  };
  await vi.waitFor(checkBooked, { timeout: settledWithinMs, interval: 500 });
  return () => Promise.all([browser.close(), system.remove()]);
});
beforeEach(async () => {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
  page = await context.newPage();
  return () => context.close();
});

const open = async (path: string) => {
  await page.goto(system.url + path);
  await waitForIdle(page);
};
const panel = () => page.getByRole('complementary', { name: 'Filters' });
const traceRows = () => page.locator('[data-trace]');
const expectAddress = (...parts: string[]) =>
  page.waitForURL((url) => parts.every((part) => url.searchParams.getAll('label').includes(part)));

describe('labels', () => {
  it('are keys among the filters, whose values open and narrow the list', async () => {
    await open(`/traces?${day}`);
    expect(await panel().getByRole('button', { name: 'team' }).getAttribute('title')).toBe(
      `team: 2 values in ${labelledTraceCount} traces`,
    );
    await panel().getByRole('button', { name: 'team' }).click();
    await panel().getByRole('button', { name: 'search' }).click();
    await expectAddress('team=search');
    await waitForIdle(page);
    expect(await traceRows().count()).toBe(half);
    // The other value stays in sight, and both together match either.
    await panel().getByRole('button', { name: 'billing' }).click();
    await expectAddress('team=search', 'team=billing');
    await waitForIdle(page);
    expect(await traceRows().count()).toBe(labelledTraceCount);
    await page.getByRole('button', { name: 'Remove filter label:team=billing' }).click();
    await waitForIdle(page);
    expect(await traceRows().count()).toBe(half);
  });

  it('are offered while one types, key first and then value', async () => {
    await open(`/traces?${day}`);
    const field = page.getByRole('combobox', { name: 'Filter and search traces' });
    await field.pressSequentially('label:te');
    await page.getByRole('option', { name: 'label:team=' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: 'label:team=billing' }).waitFor();
    await field.pressSequentially('sea');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expectAddress('team=search');
    await waitForIdle(page);
    expect(await traceRows().count()).toBe(half);
    await field.fill('label:team');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('alert').textContent()).toContain('Write label:KEY=VALUE.');
  });

  it('stand on the trace and on the span, and lead to all traces that have them', async () => {
    const traceId = labelledTraceId(0);
    await open(`/traces/${traceId}`);
    const header = page.locator('header .facts');
    await expect.poll(() => header.locator('.label').allTextContents()).toContain('teamsearch');
    const details = page.getByRole('region', { name: 'Span answer' });
    expect(await details.locator('a.label').allTextContents()).toEqual(
      expect.arrayContaining(['tagbeta', 'teamsearch']),
    );
    await details.getByRole('link', { name: 'tag beta' }).or(details.getByTitle('tag.beta=true')).first().click();
    await expectAddress('tag.beta=true');
    await waitForIdle(page);
    expect(await traceRows().count()).toBe(half);
  });

  it('narrow the sessions, and stand on the replay', async () => {
    await open(`/sessions?${day}&label=team%3Dbilling`);
    expect(await page.locator('[data-session]').count()).toBe(half / 2);
    await open('/sessions/labelled-0');
    const label = page.locator('header a.label', { hasText: 'search' });
    await label.click();
    await expectAddress('team=search');
  });

  it('group costs by the keys that there are, and narrow them by the values', async () => {
    await open(`/costs?${day}`);
    const groupBy = page.getByLabel('Group by', { exact: true }).last();
    await expect.poll(() => groupBy.locator('option').allTextContents()).toContain('label team');
    await groupBy.selectOption({ label: 'label team' });
    await page.waitForURL(/by=label/);
    await waitForIdle(page);
    const rows = page.getByRole('table').last().getByRole('row');
    await expect
      .poll(() => rows.allTextContents())
      .toEqual(expect.arrayContaining([expect.stringContaining('billing')]));
    await rows.getByRole('link', { name: 'billing' }).first().click();
    await expectAddress('team=billing');
    await waitForIdle(page);
    // The other lists know the filter, too.
    await page.getByRole('link', { name: 'Traces', exact: true }).first().click();
    await waitForIdle(page);
    await expectAddress('team=billing');
    await expect.poll(() => traceRows().count()).toBe(half);
  });

  it('are accessible in both themes', async () => {
    await open(`/traces?${day}&label=team%3Dsearch`);
    await panel().getByRole('button', { name: 'billing' }).waitFor();
    await expectAccessible(page);
    await open(`/traces/${labelledTraceId(0)}`);
    await page.locator('section a.label').first().waitFor();
    await expectAccessible(page);
    await open('/sessions/labelled-0');
    await page.locator('header a.label').first().waitFor();
    await expectAccessible(page);
  });

  it('fit a telephone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of [
      `/traces?${day}&label=team%3Dsearch`,
      `/traces/${labelledTraceId(0)}`,
      '/sessions/labelled-0',
    ]) {
      await open(path);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    }
  });
});
