import { createHash } from 'node:crypto';
import type { FollowUpKind } from '../domain/follow-up.js';
import type { Answer } from './answers.service.js';
import type { PageLanguage, PageTextKey } from './leaver-page-texts.js';
import { PAGE_TEXTS } from './leaver-page-texts.js';
import type { LinkPurpose } from './links.js';

export type LeaverPage =
  | { readonly state: 'gone' | 'trouble' }
  | { readonly state: 'open' | 'done'; readonly company: string; readonly kind: FollowUpKind }
  /** Just recorded; an opt-out has no answer. */
  | {
      readonly state: 'thanks';
      readonly company: string;
      readonly kind: FollowUpKind;
      readonly answer: Answer | null;
    };

const STYLE =
  'html{color-scheme:light;-webkit-text-size-adjust:100%;text-size-adjust:100%}' +
  'body{box-sizing:border-box;max-width:38rem;margin:0 auto;padding:1.5rem 1.25rem 3rem;background:#f6f5f2;color:#222;' +
  'font:1.0625rem/1.8 system-ui,sans-serif;overflow-wrap:anywhere;line-break:strict;text-wrap:pretty}' +
  'h1{font-size:1.35rem;line-height:1.5;margin:1rem 0;text-wrap:balance}' +
  // Japanese breaks between phrases where the browser can, never within a word of a heading or a button.
  'h1,button{word-break:auto-phrase}header{color:#555;font-size:.9375rem}' +
  'button{display:block;width:100%;min-height:3rem;margin:.75rem 0;padding:.6rem 1rem;font:inherit;cursor:pointer;' +
  'border:1px solid #1f5a4a;border-radius:.4rem;background:#fff;color:#1f5a4a}' +
  // Neither answer to a question stands out; only a single button does.
  'button:only-child{background:#1f5a4a;color:#fff}form{margin:1.5rem 0}' +
  'footer a{display:inline-flex;align-items:center;min-width:2.75rem;min-height:2.75rem;color:#1f5a4a;font-size:.9375rem}' +
  'button:focus-visible,a:focus-visible{outline:3px solid #9a5b00;outline-offset:2px}';

/** No script, no picture, no foreign origin; the one style sheet by its hash. */
export const PAGE_CSP =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; img-src data:; ` +
  `form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'`;

/** One plain page: who asks, what for, and one or two buttons. Shows nothing about the person who holds the link. */
export function renderLeaverPage(page: LeaverPage, purpose: LinkPurpose, language: PageLanguage): string {
  const texts = PAGE_TEXTS[language][textKey(page, purpose)];
  const company = 'company' in page ? page.company : null;
  const title = [texts.title, ...(company === null ? [] : [company])].join(' | ');
  const buttons = texts.buttons.map(
    ([value, label]) => `<button name="answer" value="${value}">${escapeHtml(label)}</button>`,
  );
  return (
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">` +
    // Keeps a browser from asking for an icon that nobody has.
    `<title>${escapeHtml(title)}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head><body>` +
    (company === null ? '' : `<header>${escapeHtml(company)}</header>`) +
    `<main><h1>${escapeHtml(texts.title)}</h1>` +
    texts.lead.map((line) => `<p>${escapeHtml(line)}</p>`).join('') +
    (buttons.length === 0 ? '' : `<form method="post">${buttons.join('')}</form>`) +
    `</main><footer>${otherLanguage(language)}</footer></body></html>`
  );
}

function otherLanguage(language: PageLanguage): string {
  return language === 'ja'
    ? '<a href="?lang=en" hreflang="en" lang="en">English</a>'
    : '<a href="?lang=ja" hreflang="ja" lang="ja">日本語</a>';
}

function textKey(page: LeaverPage, purpose: LinkPurpose): PageTextKey {
  switch (page.state) {
    case 'gone':
    case 'trouble':
      return page.state;
    case 'done':
      return purpose === 'opt_out' ? 'stopped' : 'answered';
    case 'thanks': {
      if (page.answer === null) return 'opted_out';
      const topic = purpose === 'invitation' ? 'invitation' : 'interview';
      return page.answer === 'accept' ? `${topic}_accepted` : `${topic}_declined`;
    }
    case 'open':
      if (purpose !== 'survey') return purpose;
      return page.kind === 'exit_interview' ? 'exit_interview' : 'exit_survey';
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
