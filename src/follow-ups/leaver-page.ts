import { createHash } from 'node:crypto';
import type { FollowUpKind } from '../domain/follow-up.js';
import type { LinkPurpose } from './links.js';

export type PageLanguage = 'ja' | 'en';

export type LeaverPage =
  | { readonly state: 'gone' }
  | { readonly state: 'open' | 'done' | 'thanks'; readonly company: string; readonly kind: FollowUpKind };

interface Texts {
  readonly title: string;
  readonly lead: readonly string[];
  /** Buttons, in order: the value that is sent, and its label. */
  readonly buttons: readonly (readonly [string, string])[];
}

const STYLE =
  'body{margin:0;background:#f6f5f2;color:#222;font:1.0625rem/1.8 system-ui,sans-serif}' +
  'main{box-sizing:border-box;max-width:38rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}' +
  'h1{font-size:1.35rem;line-height:1.5;margin:1rem 0}header,footer{color:#555;font-size:.9375rem}' +
  'button{display:block;width:100%;min-height:3rem;margin:.75rem 0;padding:.6rem 1rem;font:inherit;cursor:pointer;' +
  'border:1px solid #1f5a4a;border-radius:.4rem;background:#fff;color:#1f5a4a}' +
  'button.first{background:#1f5a4a;color:#fff}a{color:#1f5a4a}' +
  'button:focus-visible,a:focus-visible{outline:3px solid #c98a1b;outline-offset:2px}';

/** No script, no picture, no foreign origin; the one style sheet by its hash. */
export const PAGE_CSP =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  `form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'`;

/** One plain page: who asks, what for, and one or two buttons. Shows nothing about the person who holds the link. */
export function renderLeaverPage(page: LeaverPage, purpose: LinkPurpose, language: PageLanguage): string {
  const texts = textsOf(page, purpose, language);
  const company = page.state === 'gone' ? '' : escapeHtml(page.company);
  const other = language === 'ja' ? 'en' : 'ja';
  const buttons = texts.buttons.map(
    ([value, label], index) =>
      `<button${index === 0 ? ' class="first"' : ''} name="answer" value="${value}">${escapeHtml(label)}</button>`,
  );
  const form = buttons.length === 0 ? '' : `<form method="post">${buttons.join('')}</form>`;
  const lead = texts.lead.map((line) => `<p>${escapeHtml(line)}</p>`).join('');
  return (
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">` +
    `<title>${escapeHtml(texts.title)}</title><style>${STYLE}</style></head><body><main>` +
    `<header>${company}</header><h1>${escapeHtml(texts.title)}</h1>${lead}${form}` +
    `<footer><a href="?lang=${other}" hreflang="${other}">${other === 'ja' ? '日本語' : 'English'}</a></footer>` +
    `</main></body></html>`
  );
}

function textsOf(page: LeaverPage, purpose: LinkPurpose, language: PageLanguage): Texts {
  const all = TEXTS[language];
  if (page.state !== 'open') return all[page.state];
  switch (purpose) {
    case 'opt_out':
      return all.opt_out;
    case 'invitation':
      return all.invitation;
    case 'survey':
      return page.kind === 'exit_interview' ? all.exit_interview : all.exit_survey;
  }
}

type TextKey = 'gone' | 'done' | 'thanks' | 'opt_out' | 'invitation' | 'exit_survey' | 'exit_interview';

const TEXTS: Record<PageLanguage, Record<TextKey, Texts>> = {
  ja: {
    gone: {
      title: 'このページはご利用いただけません',
      lead: [
        'リンクの有効期限が過ぎているか、新しいご案内に置き換わっているか、アドレスの一部が欠けている可能性があります。',
        'お手数ですが、メールに記載のアドレス全体をもう一度お確かめください。ご不明な点は、メールの差出人までお問い合わせください。',
      ],
      buttons: [],
    },
    done: {
      title: 'お手続きはすでに完了しています',
      lead: [
        'ご回答は以前に承っております。改めてお手続きいただく必要はございません。',
        '内容の変更をご希望の場合は、メールの差出人までご連絡ください。',
      ],
      buttons: [],
    },
    thanks: {
      title: '承りました',
      lead: ['お知らせいただき、ありがとうございました。このページは閉じていただいて構いません。'],
      buttons: [],
    },
    opt_out: {
      title: '今後のご案内を停止します',
      lead: [
        '下のボタンを押していただくと、退職に関するアンケートや面談、アルムナイネットワークのご案内を、今後お送りいたしません。',
        '給与や社会保険など、退職のお手続きに必要なご連絡は、これまでどおり担当部署から差し上げます。',
      ],
      buttons: [['opt-out', '今後の案内を停止する']],
    },
    invitation: {
      title: 'アルムナイネットワークへのご招待',
      lead: [
        '会社の近況や交流会、求人などのお知らせをお届けする、退職された方のためのネットワークです。ご参加は任意で、費用はかかりません。',
        '「参加を希望する」を押していただくと、ご希望を人事部に記録し、参加の方法を改めてご案内いたします。ここで個人情報をご入力いただくことはございません。',
      ],
      buttons: [
        ['accept', '参加を希望する'],
        ['decline', '今回は参加しない'],
      ],
    },
    exit_survey: {
      title: '退職に際してのご意見について',
      lead: [
        'アンケートの設問は準備中です。このページでは、面談でお話しいただけるかどうかのみをうかがいます。',
        'お答えは任意です。退職のお手続きや今後の再雇用の判断に影響することは一切ございません。',
      ],
      buttons: [
        ['accept', '面談を希望する'],
        ['decline', '面談を希望しない'],
      ],
    },
    exit_interview: {
      title: '退職面談のご希望について',
      lead: [
        '在職中にお感じになったことを、30分ほどでうかがう面談です。ご希望の場合は、担当者より日程調整のご連絡を差し上げます。',
        'お答えは任意です。退職のお手続きや今後の再雇用の判断に影響することは一切ございません。',
      ],
      buttons: [
        ['accept', '面談を希望する'],
        ['decline', '面談を希望しない'],
      ],
    },
  },
  en: {
    gone: {
      title: 'This page is not available',
      lead: [
        'The link may have expired, been replaced by a newer one, or lost a part of its address.',
        'Please check the whole address in the message. If it still does not work, ask whoever sent it.',
      ],
      buttons: [],
    },
    done: {
      title: 'This is already done',
      lead: [
        'We have received your answer before; there is nothing more to do.',
        'If you would like to change it, please write to whoever sent you the message.',
      ],
      buttons: [],
    },
    thanks: { title: 'Thank you', lead: ['We have noted it. You can close this page.'], buttons: [] },
    opt_out: {
      title: 'Stop these messages',
      lead: [
        'Press the button and we will send you no more messages about exit surveys, exit interviews or the alumni network.',
        'What you need for your leaving formalities, such as pay and insurance, still reaches you from the department in charge.',
      ],
      buttons: [['opt-out', 'Stop these messages']],
    },
    invitation: {
      title: 'An invitation to our alumni network',
      lead: [
        'A network for people who used to work here: company news, events and job openings. Joining is up to you and costs nothing.',
        'If you say yes, HR notes it and tells you how to join. You are not asked for any personal data here.',
      ],
      buttons: [
        ['accept', 'Yes, I would like to join'],
        ['decline', 'No, thank you'],
      ],
    },
    exit_survey: {
      title: 'Your view of your time with us',
      lead: [
        'The survey itself is not ready yet. This page only asks whether you would like to talk to us instead.',
        'Answering is up to you. It has no influence on your leaving formalities or on any later decision to hire you again.',
      ],
      buttons: [
        ['accept', 'I would like an interview'],
        ['decline', 'I would not like an interview'],
      ],
    },
    exit_interview: {
      title: 'Would you like an exit interview?',
      lead: [
        'A conversation of about thirty minutes about your time with us. If you say yes, we will get in touch to find a time.',
        'Answering is up to you. It has no influence on your leaving formalities or on any later decision to hire you again.',
      ],
      buttons: [
        ['accept', 'I would like an interview'],
        ['decline', 'I would not like an interview'],
      ],
    },
  },
};

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
