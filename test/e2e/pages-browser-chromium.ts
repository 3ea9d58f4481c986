import { spawnSync } from 'node:child_process';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const EXECUTABLE = process.env['ENISHI_CHROMIUM'] ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // What a page asks of another host is noted and goes nowhere.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];

// Runs in the browser, whose types this project does not have.
const TELL_OF_POLICY = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));`;

/** Width, outline, size of what is touched, contrast of every text. */
const LOOK = `(() => {
  const wrong = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) wrong.push('wider than the window: ' + scrollWidth + ' > ' + clientWidth);
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
  if (document.querySelectorAll('main').length !== 1) wrong.push('not one main');
  const says = (element) => element.textContent.trim();
  for (const element of document.querySelectorAll('a, button')) {
    const { width, height } = element.getBoundingClientRect();
    if (width < 44 || height < 44) wrong.push('too small to touch: ' + says(element) + ' ' + width + 'x' + height);
  }
  const channels = (color) =>
    (/[\\d.]+(?:, [\\d.]+)+/.exec(color)?.[0] ?? '').split(', ').map(Number);
  const luminance = (color) => {
    const [r = 0, g = 0, b = 0] = channels(color)
      .slice(0, 3)
      .map((value) => (value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    if (element === null) return 'rgb(255, 255, 255)';
    const color = getComputedStyle(element).backgroundColor;
    return channels(color)[3] === 0 ? ground(element.parentElement) : color;
  };
  for (const element of document.body.querySelectorAll('*')) {
    const hasText = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && (node.textContent ?? '').trim() !== '',
    );
    if (!hasText) continue;
    const pair = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (contrast < 4.5) wrong.push('too pale: ' + says(element) + ' ' + contrast.toFixed(2));
  }
  return wrong;
})()`;

/** True when there is a Chromium; else says so in one loud line. In CI one is expected: there the suite runs and fails. */
export function hasChromium(suite: string): boolean {
  if (spawnSync(EXECUTABLE, ['--version']).status === 0) return true;
  if (process.env['CI'] === 'true') return true;
  process.stderr.write(
    `\n!!! SKIPPED: ${suite}: this machine has no Chromium (apt-get install chromium, or ENISHI_CHROMIUM) !!!\n\n`,
  );
  return false;
}

/** With a user folder of its own, made for this start and removed with it. Downloads nothing. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}

export interface Visit {
  readonly page: Page;
  /** What a reader of the console and the network would worry about: errors, refusals of the policy, other hosts. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export type Locale = 'ja-JP' | 'en-GB';

/** A window of that width whose every complaint is noted. */
export async function visit(
  browser: Browser,
  home: string,
  options: BrowserContextOptions & { readonly width: number; readonly locale: Locale },
): Promise<Visit> {
  const { width, ...rest } = options;
  const context = await browser.newContext({ viewport: { width, height: 740 }, ...rest });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== 'data:' && host !== new URL(home).host) complaints.push(`elsewhere: ${host}`);
  });
  await page.addInitScript({ content: TELL_OF_POLICY });
  return { page, complaints, close: () => context.close() };
}

/** What is wrong with the page for somebody who reads it on a phone; empty when nothing is. */
export function unreadable(page: Page): Promise<readonly string[]> {
  return page.evaluate<readonly string[]>(LOOK);
}

/** True when the page scrolls sideways. */
export function widerThanWindow(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth',
  );
}

/** How what has the focus is marked. */
export function focusRing(page: Page): Promise<string> {
  const style = 'getComputedStyle(document.activeElement)';
  return page.evaluate<string>(`${style}.outlineStyle + ' ' + ${style}.outlineWidth`);
}
