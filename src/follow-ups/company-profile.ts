/** What a mail or a page says about a company; the companies of `companies.yaml` have this shape. */
export interface CompanyProfile {
  readonly id: string;
  readonly name: { readonly ja: string; readonly en: string };
  readonly zone: string;
  readonly language: 'ja' | 'en';
}

export type CompanyProfiles = ReadonlyMap<string, CompanyProfile>;
