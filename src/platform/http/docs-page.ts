import { createHash } from 'node:crypto';
import { flatTexts, mergedTexts } from '../i18n/catalogue.js';
import type { Language } from '../i18n/locale.js';

const STYLE =
  'body{margin:0;background:#fff;color:#222;font-family:system-ui,sans-serif}' +
  // Wide tables and code scroll in themselves, so that a phone's page does not.
  '.swagger-ui .wrapper{box-sizing:border-box;max-width:80rem}' +
  '.swagger-ui .table-container,.swagger-ui .responses-inner,.swagger-ui .model-box{overflow-x:auto}' +
  '.swagger-ui .opblock-summary-path{overflow-wrap:anywhere}' +
  // The library's own colours are too pale to read.
  '.swagger-ui .btn.authorize{color:#1f5a4a;border-color:#1f5a4a}.swagger-ui .btn.authorize svg{fill:#1f5a4a}' +
  '.swagger-ui .opblock.opblock-get .opblock-summary-method{background:#0b5cad}' +
  '.swagger-ui .opblock.opblock-post .opblock-summary-method{background:#1a7044}' +
  '.swagger-ui .opblock.opblock-put .opblock-summary-method{background:#94510a}' +
  '.swagger-ui .opblock.opblock-delete .opblock-summary-method{background:#b3261e}' +
  '.swagger-ui .info .title small{background:#5a6170}.swagger-ui .info .title small.version-stamp{background:#4a6b00}' +
  '.swagger-ui .info a,.swagger-ui .markdown a{color:#0b5cad}' +
  'noscript p,.problem{max-width:42rem;margin:1.5rem auto;padding:1rem 1.25rem;line-height:1.7}' +
  '.problem{display:none;background:#f4f7f6;border-left:.3rem solid #1f5a4a}.problem:target{display:block}' +
  '.problem h2{margin:0;font-size:1.1rem;overflow-wrap:anywhere}.problem p{margin:.5rem 0}' +
  '.problem div{margin-top:1rem}.problem .title{font-weight:600}';

/** Scripts and pictures of this installation, the style sheet above by its hash; nothing else, from nowhere else. */
export const DOCS_CSP =
  `default-src 'none'; script-src 'self'; style-src 'self' 'sha256-${hashOf(STYLE)}'; img-src 'self' data:; ` +
  `connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'`;

/** Shows the document. What is after `#problem-` is ours: the library would take it for a link to an operation. */
export const DOCS_SCRIPT = `SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#swagger-ui',
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  deepLinking: !location.hash.startsWith('#problem-'),
  tagsSorter: 'alpha',
  persistAuthorization: false,
  queryConfigEnabled: false,
  validatorUrl: null,
});
`;

const TEXT: Record<Language, { readonly expected: string; readonly remedy: string }> = {
  ja: { expected: '正しい値', remedy: '対処' },
  en: { expected: 'Expected', remedy: 'What to do' },
};

/**
 * The page around the API's pages. What `type` of a problem document links to (`#problem-<code>`) opens above them, in
 * both languages, with no script.
 */
export function renderDocsPage(assets: string): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">' +
    `<title>Enishi API</title><link rel="icon" type="image/png" href="${assets}/favicon-32x32.png">` +
    `<link rel="stylesheet" href="${assets}/swagger-ui.css"><style>${STYLE}</style></head><body><main>` +
    '<noscript><p>These pages need JavaScript. <a href="/api/openapi.json">The OpenAPI document</a> says the same.</p>' +
    `<p lang="ja">このページの表示には JavaScript が必要です。内容は <a href="/api/openapi.json">OpenAPI 文書</a> と同じです。</p></noscript>` +
    `${problems()}<div id="swagger-ui"></div></main>` +
    `<script src="${assets}/swagger-ui-bundle.js"></script><script src="${assets}/show.js"></script></body></html>`
  );
}

function problems(): string {
  const [ja, en] = [flatTexts(mergedTexts('errors', 'ja')), flatTexts(mergedTexts('errors', 'en'))];
  const codes = [...en.keys()].filter((key) => key.endsWith('.title')).map((key) => key.slice(0, -6));
  return codes
    .map(
      (code) =>
        `<section class="problem" id="problem-${code}"><h2>${code}</h2>` +
        `${described(code, ja, 'ja')}${described(code, en, 'en')}</section>`,
    )
    .join('');
}

function described(code: string, texts: ReadonlyMap<string, string>, language: Language): string {
  const line = (part: 'expected' | 'remedy') => {
    const text = texts.get(`${code}.${part}`) ?? '';
    // Where the whole of it is filled in, only the answer itself can say it.
    return /^(?:\{\{\s*\w+\s*\}\})?$/.test(text) ? '' : `<p>${TEXT[language][part]}: ${inHtml(text)}</p>`;
  };
  const title = inHtml(texts.get(`${code}.title`) ?? '');
  return `<div lang="${language}"><p class="title">${title}</p>${line('expected')}${line('remedy')}</div>`;
}

/** What an answer fills in stands here by its name. */
function inHtml(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/\{\{\s*(\w+)\s*\}\}/g, '<var>$1</var>');
}

function hashOf(style: string): string {
  return createHash('sha256').update(style).digest('base64');
}
