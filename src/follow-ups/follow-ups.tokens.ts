/** Injection token of `CompanyProfiles`. */
export const COMPANY_PROFILES = Symbol('CompanyProfiles');
