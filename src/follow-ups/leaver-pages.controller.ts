import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { z } from 'zod';
import type { LinkView } from './answers.service.js';
import { AnswersService } from './answers.service.js';
import type { CompanyProfiles } from './company-profile.js';
import { COMPANY_PROFILES } from './follow-ups.tokens.js';
import type { LeaverPage, PageLanguage } from './leaver-page.js';
import { PAGE_CSP, renderLeaverPage } from './leaver-page.js';
import type { LinkPurpose } from './links.js';

/** The little that a page needs of the HTTP server's response. */
interface PageResponse {
  set(headers: Readonly<Record<string, string>>): unknown;
  status(code: number): PageResponse;
  send(body: string): unknown;
}

const answerSchema = z.object({ answer: z.enum(['accept', 'decline']) });

/**
 * The pages that mails link to. GET and HEAD change nothing, whoever calls them how often. Every page has status 200,
 * so that a guesser learns nothing from it; a link that does not work says so in words.
 */
@Controller()
export class LeaverPagesController {
  constructor(
    private readonly answers: AnswersService,
    @Inject(COMPANY_PROFILES) private readonly companies: CompanyProfiles,
  ) {}

  @Get('s/:token')
  survey(
    @Param('token') token: string,
    @Query('lang') lang: unknown,
    @Headers('accept-language') wish: string | undefined,
    @Res() response: PageResponse,
  ): Promise<void> {
    return this.show(token, 'survey', lang, wish, response);
  }

  @Get('i/:token')
  invitation(
    @Param('token') token: string,
    @Query('lang') lang: unknown,
    @Headers('accept-language') wish: string | undefined,
    @Res() response: PageResponse,
  ): Promise<void> {
    return this.show(token, 'invitation', lang, wish, response);
  }

  @Get('u/:token')
  optOut(
    @Param('token') token: string,
    @Query('lang') lang: unknown,
    @Headers('accept-language') wish: string | undefined,
    @Res() response: PageResponse,
  ): Promise<void> {
    return this.show(token, 'opt_out', lang, wish, response);
  }

  @Post('s/:token')
  @HttpCode(200)
  answerSurvey(
    @Param('token') token: string,
    @Query('lang') lang: unknown,
    @Headers('accept-language') wish: string | undefined,
    @Body() body: unknown,
    @Res() response: PageResponse,
  ): Promise<void> {
    return this.record(token, 'survey', body, lang, wish, response);
  }

  @Post('i/:token')
  @HttpCode(200)
  answerInvitation(
    @Param('token') token: string,
    @Query('lang') lang: unknown,
    @Headers('accept-language') wish: string | undefined,
    @Body() body: unknown,
    @Res() response: PageResponse,
  ): Promise<void> {
    return this.record(token, 'invitation', body, lang, wish, response);
  }

  /** The form and the one-click POST of RFC 8058 alike: the body does not matter, the token says it all. */
  @Post('u/:token')
  @HttpCode(200)
  async confirmOptOut(
    @Param('token') token: string,
    @Query('lang') lang: unknown,
    @Headers('accept-language') wish: string | undefined,
    @Res() response: PageResponse,
  ): Promise<void> {
    this.reply(await this.answers.optOut(token), 'opt_out', true, lang, wish, response);
  }

  private async show(
    token: string,
    purpose: LinkPurpose,
    lang: unknown,
    wish: string | undefined,
    response: PageResponse,
  ): Promise<void> {
    this.reply(await this.answers.look(token, purpose), purpose, false, lang, wish, response);
  }

  private async record(
    token: string,
    purpose: 'survey' | 'invitation',
    body: unknown,
    lang: unknown,
    wish: string | undefined,
    response: PageResponse,
  ): Promise<void> {
    const parsed = answerSchema.safeParse(body);
    // A POST without one of the buttons is no answer: the question is asked again.
    if (!parsed.success) return this.show(token, purpose, lang, wish, response);
    this.reply(
      await this.answers.answer(token, purpose, parsed.data.answer),
      purpose,
      true,
      lang,
      wish,
      response,
    );
  }

  private reply(
    view: LinkView,
    purpose: LinkPurpose,
    recorded: boolean,
    lang: unknown,
    wish: string | undefined,
    response: PageResponse,
  ): void {
    const profile = view.state === 'gone' ? undefined : this.companies.get(view.company);
    const language: PageLanguage =
      lang === 'ja' || lang === 'en'
        ? lang
        : (profile?.language ?? (/^\s*ja\b/i.test(wish ?? '') ? 'ja' : 'en'));
    const page: LeaverPage =
      view.state === 'gone'
        ? view
        : {
            state: view.state === 'open' && recorded ? 'thanks' : view.state,
            company: profile?.name[language] ?? view.company,
            kind: view.kind,
          };
    response.set({
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': PAGE_CSP,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'X-Robots-Tag': 'noindex, nofollow',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    });
    response.status(200).send(renderLeaverPage(page, purpose, language));
  }
}
