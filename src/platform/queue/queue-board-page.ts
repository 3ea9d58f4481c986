import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppViewRoute } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import type { Language } from '../i18n/locale.js';

const ASSET =
  /<link href="static\/css\/[^"]+" rel="stylesheet">|<script defer src="static\/js\/[^"]+"><\/script>/g;

/** Of the colours that the board's logo of Redis brings with it. */
const LOGO_STYLE = "'sha256-r2N1TB/gHbBtBZFKg7ejmq1acVSREzucTAEw6ga4hoU='";

/** The board's own scripts and styles and what they ask this server for; nothing from anywhere else. */
export const QUEUE_BOARD_CSP =
  `default-src 'none'; script-src 'self'; style-src 'self' ${LOGO_STYLE}; img-src 'self' data:; font-src 'self'; connect-src 'self'; ` +
  "base-uri 'self'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/**
 * The board with a page of our own: the one it brings takes its letters from another host and styles itself inline, and
 * is blank under a strict policy.
 */
export class QueueBoardPages extends ExpressAdapter {
  private assets: readonly string[] = [];
  private entry: AppViewRoute | null = null;

  override setViewsPath(dir: string): this {
    this.assets = readFileSync(join(dir, 'index.ejs'), 'utf8').match(ASSET) ?? [];
    return this;
  }

  override setEntryRoute(route: AppViewRoute): this {
    this.entry = route;
    return this;
  }

  /** The one page, whatever it then shows; the board speaks the browser's language. @throws when the board brought no page, or one without assets */
  page(language: Language): string {
    if (this.entry === null || this.assets.length < 2)
      throw new Error('The queue board has no page of its own');
    const { params } = this.entry.handler({ basePath: this.basePath, uiConfig: this.uiConfig });
    const { basePath, uiConfig, title } = params;
    return (
      `<!doctype html><html lang="${language}"><head><meta charset="utf-8">` +
      '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">' +
      `<base href="${basePath}"><title>${title}</title>` +
      '<link rel="icon" type="image/svg+xml" id="fav-logo" href="static/images/logo.svg">' +
      `${this.assets.join('')}</head><body class="preload">` +
      `<script id="__UI_CONFIG__" type="application/json">${uiConfig}</script><div id="root"></div>` +
      `<noscript>${language === 'ja' ? 'このページの表示には JavaScript が必要です。' : 'This page needs JavaScript.'}</noscript></body></html>`
    );
  }
}
