export type PageLanguage = 'ja' | 'en';

export interface PageTexts {
  readonly title: string;
  /** Paragraphs. */
  readonly lead: readonly string[];
  /** Buttons, in order: the value that is sent, and its label. */
  readonly buttons: readonly (readonly [string, string])[];
}

export type PageTextKey =
  | 'gone'
  | 'trouble'
  | 'answered'
  | 'stopped'
  | 'interview_accepted'
  | 'interview_declined'
  | 'invitation_accepted'
  | 'invitation_declined'
  | 'opted_out'
  | 'opt_out'
  | 'invitation'
  | 'exit_survey'
  | 'exit_interview';

const FREE_JA =
  'お返事は任意です。退職のお手続きや今後の再雇用の判断に影響することは一切ございません。記録するのは、お返事の内容と日時だけです。';
const FREE_EN =
  'Answering is up to you. It has no influence on your leaving formalities or on any later decision to hire you again. ' +
  'All we record is your answer and when you gave it.';
const CHANGE_JA =
  'お気持ちが変わられたときは、メールの末尾にある窓口までお知らせください。このページは閉じていただいて構いません。';
const CHANGE_EN =
  'If you change your mind, please write to the contact at the end of our message. You can close this page.';
const INTERVIEW_JA = [
  ['accept', '面談を希望する'],
  ['decline', '面談を希望しない'],
] as const;
const INTERVIEW_EN = [
  ['accept', 'Yes, I would like to talk'],
  ['decline', 'No, thank you'],
] as const;

const ja: Record<PageTextKey, PageTexts> = {
  gone: {
    title: 'このページはご利用いただけません',
    lead: [
      'リンクの有効期限が過ぎているか、新しいご案内に置き換わっているか、アドレスの一部が欠けている可能性があります。',
      'お手数ですが、メールに記載のアドレス全体をもう一度お確かめください。それでも開けないときは、メールの末尾にある窓口までお問い合わせください。',
    ],
    buttons: [],
  },
  trouble: {
    title: 'ただいまページを表示できません',
    lead: [
      'こちらの不具合により、お手続きを完了できませんでした。ご迷惑をおかけし、申し訳ございません。',
      '数分後に、メールに記載のリンクをもう一度お開きください。続けて表示されるときは、メールの末尾にある窓口までお知らせください。',
    ],
    buttons: [],
  },
  answered: {
    title: 'お手続きはすでに完了しています',
    lead: [
      'お返事は確かに承っております。改めてお手続きいただく必要はございません。',
      '内容の変更をご希望のときは、メールの末尾にある窓口までお知らせください。',
    ],
    buttons: [],
  },
  stopped: {
    title: 'お手続きはすでに完了しています',
    lead: [
      '今後のご案内はすでに停止しております。改めてお手続きいただく必要はございません。',
      '再びご案内をご希望のときは、メールの末尾にある窓口までお知らせください。',
    ],
    buttons: [],
  },
  interview_accepted: {
    title: '面談のご希望を承りました',
    lead: ['ありがとうございます。担当者より、日程調整のご連絡を差し上げます。', CHANGE_JA],
    buttons: [],
  },
  interview_declined: {
    title: 'お返事を承りました',
    lead: ['お知らせいただき、ありがとうございました。面談の日程調整のご連絡はいたしません。', CHANGE_JA],
    buttons: [],
  },
  invitation_accepted: {
    title: 'ご参加のご希望を承りました',
    lead: ['ありがとうございます。参加の方法を、改めてご案内いたします。', CHANGE_JA],
    buttons: [],
  },
  invitation_declined: {
    title: 'お返事を承りました',
    lead: [
      'お知らせいただき、ありがとうございました。ネットワークにお名前やご連絡先を登録することはございません。',
      CHANGE_JA,
    ],
    buttons: [],
  },
  opted_out: {
    title: 'ご案内の停止を承りました',
    lead: [
      '退職に関するアンケートや面談、アルムナイネットワークのご案内を、今後お送りいたしません。',
      '再びご案内をご希望のときは、メールの末尾にある窓口までお知らせください。このページは閉じていただいて構いません。',
    ],
    buttons: [],
  },
  opt_out: {
    title: '今後のご案内を停止しますか',
    lead: [
      '下のボタンを押していただくと、退職に関するアンケートや面談、アルムナイネットワークのご案内を、今後お送りいたしません。',
      '給与や社会保険など、退職のお手続きに必要なご連絡は、これまでどおり担当部署から差し上げます。',
      '停止をご希望でないときは、このままページを閉じてください。',
    ],
    buttons: [['opt-out', '今後の案内を停止する']],
  },
  invitation: {
    title: 'アルムナイネットワークへのご招待',
    lead: [
      '在職中のご尽力に、心より御礼申し上げます。会社の近況や交流会、求人などのお知らせをお届けする、退職された方のためのネットワークをご案内しております。',
      'ご参加は任意で、費用はかかりません。ご希望の場合は、参加の方法を改めてご案内いたします。ここで個人情報をご入力いただくことはございません。',
      '記録するのは、お返事の内容と日時だけです。',
    ],
    buttons: [
      ['accept', '参加を希望する'],
      ['decline', '今回は参加しない'],
    ],
  },
  exit_survey: {
    title: '退職に際してのご意見について',
    lead: [
      'これまでのご尽力に、心より御礼申し上げます。職場や制度について感じられたことを、面談でうかがえればと考えております。お話しになりたくないことは、お話しいただかなくて構いません。',
      'このページでは、面談のご希望の有無だけをうかがいます。ご希望の場合は、担当者より日程調整のご連絡を差し上げます。',
      FREE_JA,
    ],
    buttons: INTERVIEW_JA,
  },
  exit_interview: {
    title: '退職面談のご希望について',
    lead: [
      'これまでのご尽力に、心より御礼申し上げます。在職中に感じられたことを、30分ほどでうかがう面談です。お話しになりたくないことは、お話しいただかなくて構いません。',
      'ご希望の場合は、担当者より日程調整のご連絡を差し上げます。',
      FREE_JA,
    ],
    buttons: INTERVIEW_JA,
  },
};

const en: Record<PageTextKey, PageTexts> = {
  gone: {
    title: 'This page is not available',
    lead: [
      'The link may have expired, been replaced by a newer one, or lost a part of its address.',
      'Please check the whole address in our message. If it still does not open, the contact at the end of the message will help.',
    ],
    buttons: [],
  },
  trouble: {
    title: 'We cannot show this page right now',
    lead: [
      'Something went wrong on our side, and your answer may not have reached us. We are sorry.',
      'Please open the link in our message again in a few minutes. If it keeps happening, please tell the contact at the end of the message.',
    ],
    buttons: [],
  },
  answered: {
    title: 'This is already done',
    lead: [
      'We have your answer; there is nothing more to do.',
      'If you would like to change it, please write to the contact at the end of our message.',
    ],
    buttons: [],
  },
  stopped: {
    title: 'This is already done',
    lead: [
      'We have already stopped these messages; there is nothing more to do.',
      'If you would like them again, please write to the contact at the end of our message.',
    ],
    buttons: [],
  },
  interview_accepted: {
    title: 'Thank you for your time',
    lead: ['We have noted that you would like to talk, and will get in touch to find a time.', CHANGE_EN],
    buttons: [],
  },
  interview_declined: {
    title: 'Thank you for telling us',
    lead: ['We have noted that you would rather not, and will not ask you for a time.', CHANGE_EN],
    buttons: [],
  },
  invitation_accepted: {
    title: 'Thank you, we are glad',
    lead: ['We have noted that you would like to join, and will tell you how.', CHANGE_EN],
    buttons: [],
  },
  invitation_declined: {
    title: 'Thank you for telling us',
    lead: ['We have noted it. Nothing about you enters the network.', CHANGE_EN],
    buttons: [],
  },
  opted_out: {
    title: 'We have stopped these messages',
    lead: [
      'We will send you no more messages about exit surveys, exit interviews or the alumni network.',
      'If you would like them again, please write to the contact at the end of our message. You can close this page.',
    ],
    buttons: [],
  },
  opt_out: {
    title: 'Stop these messages?',
    lead: [
      'Press the button and we will send you no more messages about exit surveys, exit interviews or the alumni network.',
      'What you need for your leaving formalities, such as pay and insurance, still reaches you from the department in charge.',
      'If you would rather keep them, just close this page.',
    ],
    buttons: [['opt-out', 'Stop these messages']],
  },
  invitation: {
    title: 'An invitation to our alumni network',
    lead: [
      'Thank you for your time with us. This is a network for people who used to work here: company news, events and job openings.',
      'Joining is up to you and costs nothing. If you say yes, we will tell you how to join. You are not asked for any personal data here.',
      'All we record is your answer and when you gave it.',
    ],
    buttons: [
      ['accept', 'Yes, I would like to join'],
      ['decline', 'No, thank you'],
    ],
  },
  exit_survey: {
    title: 'Your view of your time with us',
    lead: [
      'Thank you for your work. We would like to hear, in a conversation, what was good and what we should do better. You need not talk about anything that you would rather not.',
      'This page only asks whether you would like that. If you say yes, we will get in touch to find a time.',
      FREE_EN,
    ],
    buttons: INTERVIEW_EN,
  },
  exit_interview: {
    title: 'Would you like an exit interview?',
    lead: [
      'Thank you for your work. This is a conversation of about thirty minutes about your time with us. You need not talk about anything that you would rather not.',
      'If you say yes, we will get in touch to find a time.',
      FREE_EN,
    ],
    buttons: INTERVIEW_EN,
  },
};

export const PAGE_TEXTS: Readonly<Record<PageLanguage, Readonly<Record<PageTextKey, PageTexts>>>> = {
  ja,
  en,
};
