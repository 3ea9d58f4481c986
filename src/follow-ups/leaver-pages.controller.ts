import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, Controller, Get, HttpCode, Inject, Logger, Post, Req, Res, UseFilters } from '@nestjs/common';
import { z } from 'zod';
import { languageOf } from '../platform/http/language.js';
import { statusOf, toAppError } from '../platform/http/problem.js';
import { errorForLog } from '../platform/logging/error-for-log.js';
import type { Answer, LinkView } from './answers.service.js';
import { AnswersService } from './answers.service.js';
import type { CompanyProfiles } from './company-profile.js';
import { COMPANY_PROFILES } from './follow-ups.tokens.js';
import type { LeaverPage } from './leaver-page.js';
import { PAGE_CSP, renderLeaverPage } from './leaver-page.js';
import type { PageLanguage } from './leaver-page-texts.js';
import type { LinkPurpose } from './links.js';
import { LINK_PATHS } from './links.js';

/** The little that a page needs of the HTTP server's request. */
interface PageRequest {
  readonly path: string;
  readonly params: { readonly token?: string };
  readonly query: { readonly lang?: unknown };
  readonly headers: { readonly 'accept-language'?: string | undefined };
  readonly body?: unknown;
}

/** The little that a page needs of the HTTP server's response. */
interface PageResponse {
  set(headers: Readonly<Record<string, string>>): unknown;
  status(code: number): PageResponse;
  send(body: string): unknown;
}

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': PAGE_CSP,
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'X-Robots-Tag': 'noindex, nofollow',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
};
const RETRY_AFTER_SECS = '120';

// A link that lost all of its token is somebody's link still.
const PATHS = Object.values(LINK_PATHS).flatMap((path) => [`${path}/:token`, path]);
const PURPOSES: ReadonlyMap<string, LinkPurpose> = new Map(
  (['survey', 'invitation', 'opt_out'] as const).map((purpose) => [LINK_PATHS[purpose], purpose]),
);

const answerSchema = z.object({ answer: z.enum(['accept', 'decline']) });

/** When the database is away, a leaver reads a page and not a problem document. */
@Catch()
class LeaverPagesFilter implements ExceptionFilter {
  private readonly logger = new Logger('leaver-pages');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<PageRequest>();
    const error = toAppError(thrown);
    this.logger.error({ code: error.code, failure: errorForLog(thrown) });
    const response = http.getResponse<PageResponse>();
    response.set({ 'Retry-After': RETRY_AFTER_SECS });
    const language = wishedLanguage(request) ?? languageOf(request.headers['accept-language']);
    send(response, statusOf(error), { state: 'trouble' }, purposeOf(request), language);
  }
}

/**
 * The pages that mails link to. GET and HEAD change nothing, whoever calls them how often. Every page has status 200,
 * so that a guesser learns nothing from it; a link that does not work says so in words.
 */
@Controller()
@UseFilters(LeaverPagesFilter)
export class LeaverPagesController {
  constructor(
    private readonly answers: AnswersService,
    @Inject(COMPANY_PROFILES) private readonly companies: CompanyProfiles,
  ) {}

  @Get(PATHS)
  async show(@Req() request: PageRequest, @Res() response: PageResponse): Promise<void> {
    const purpose = purposeOf(request);
    this.reply(request, response, await this.answers.look(tokenOf(request), purpose), purpose);
  }

  /**
   * The form, and the one-click POST of RFC 8058: to opt out the body does not matter, the token says it all. Elsewhere
   * a POST without one of the buttons is no answer, and the question is asked again.
   */
  @Post(PATHS)
  @HttpCode(200)
  async record(@Req() request: PageRequest, @Res() response: PageResponse): Promise<void> {
    const [purpose, token] = [purposeOf(request), tokenOf(request)];
    if (purpose === 'opt_out') {
      this.reply(request, response, await this.answers.optOut(token), purpose, { answer: null });
      return;
    }
    const parsed = answerSchema.safeParse(request.body);
    if (!parsed.success) return this.show(request, response);
    const { answer } = parsed.data;
    this.reply(request, response, await this.answers.answer(token, purpose, answer), purpose, { answer });
  }

  /** `recorded`: what this very request asked for, when it was a POST. */
  private reply(
    request: PageRequest,
    response: PageResponse,
    view: LinkView,
    purpose: LinkPurpose,
    recorded: { readonly answer: Answer | null } | null = null,
  ): void {
    const profile = view.state === 'gone' ? undefined : this.companies.get(view.company);
    const language =
      wishedLanguage(request) ?? profile?.language ?? languageOf(request.headers['accept-language']);
    send(response, 200, pageOf(view, profile?.name[language], recorded), purpose, language);
  }
}

function pageOf(
  view: LinkView,
  name: string | undefined,
  recorded: { readonly answer: Answer | null } | null,
): LeaverPage {
  if (view.state === 'gone') return view;
  const about = { company: name ?? view.company, kind: view.kind };
  if (view.state === 'open' && recorded !== null)
    return { ...about, state: 'thanks', answer: recorded.answer };
  return { ...about, state: view.state };
}

function send(
  response: PageResponse,
  status: number,
  page: LeaverPage,
  purpose: LinkPurpose,
  language: PageLanguage,
): void {
  response.set({ ...HEADERS, 'Content-Language': language });
  response.status(status).send(renderLeaverPage(page, purpose, language));
}

function tokenOf(request: PageRequest): string {
  return request.params.token ?? '';
}

/** The routes differ by their first part alone, in small or capital letters. */
function purposeOf({ path }: PageRequest): LinkPurpose {
  const purpose = PURPOSES.get(path.split('/')[1]?.toLowerCase() ?? '');
  if (purpose === undefined) throw new Error('A path that this controller does not serve');
  return purpose;
}

function wishedLanguage({ query: { lang } }: PageRequest): PageLanguage | null {
  return lang === 'ja' || lang === 'en' ? lang : null;
}
