import iconv from 'iconv-lite';

/**
 * CP932 bytes of a text, or the characters that it cannot hold (each once, in order of appearance). A character counts as
 * held only when reading the bytes gives the very same one: iconv-lite writes `?` for 𠮷 and a backslash for ¥.
 */
export function encodeCp932(
  text: string,
): { readonly bytes: Buffer } | { readonly unencodable: readonly string[] } {
  const bytes = iconv.encode(text, 'cp932');
  if (decode(bytes) === text) return { bytes };
  const unencodable = new Set<string>();
  for (const char of text) if (decode(iconv.encode(char, 'cp932')) !== char) unencodable.add(char);
  return { unencodable: [...unencodable] };
}

function decode(bytes: Buffer): string {
  return new TextDecoder('shift_jis').decode(bytes);
}
