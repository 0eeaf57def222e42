/**
 * Bytes as printable characters, as `ByteLevel` of tokenizer.json spells them: a byte that prints in Latin-1 stands for
 * itself, the 68 others are moved to U+0100 and up in order. A vocabulary that holds all 256 can spell any text, so
 * nothing is ever unknown, in whatever language it comes.
 */
export const BYTE_CHARACTERS: readonly string[] = byteCharacters()

const encoder = new TextEncoder()

/** Returns the UTF-8 bytes of `text`, one printable character each. */
export function toByteLevel(text: string): string {
  let spelled = ''
  for (const byte of encoder.encode(text)) spelled += BYTE_CHARACTERS[byte]!
  return spelled
}

function byteCharacters(): string[] {
  const prints = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
  let moved = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(prints(byte) ? byte : moved++))
}
