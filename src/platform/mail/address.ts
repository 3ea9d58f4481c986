/** Longest address that SMTP carries (RFC 5321, 4.5.3.1). */
const MAX_LENGTH = 254;
// One address, no display name, no list, no quoted local part: what HR files hold in an address column.
const ONE_ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/;

/** The address when it names exactly one mailbox in ASCII, else null. Control characters and commas never pass. */
export function singleAddress(text: string | null | undefined): string | null {
  const address = (text ?? '').trim();
  if (address.length > MAX_LENGTH || !ONE_ADDRESS.test(address)) return null;
  const domain = address.slice(address.indexOf('@') + 1);
  return domain.includes('.') && !domain.includes('..') ? address : null;
}

/** A text for a header line: control characters (CR and LF among them) become spaces. */
export function headerText(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
