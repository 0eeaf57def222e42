/** Controls but line feed and tab, the Unicode line separators, and what turns the direction of text or hides in it. */
const hidden = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029\u200b\u2060-\u2064\ufeff]/gu

/** Text as a terminal may show it: what would steer it, or show other text than there is, stands as `\u001b`. */
export function printable(text: string): string {
  return text.replace(hidden, escaped)
}

/** The same for a name within a line: it has no line breaks either. */
export function printableName(text: string): string {
  return printable(text).replace(/[\n\t]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Has everything that this process prints pass through `printable`; what moves the cursor of a progress bar goes past it (base/progress.ts). */
export function guardTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream)
    unguarded.set(stream, write)
    stream.write = ((chunk: string | Uint8Array, ...rest: []) => write(typeof chunk === 'string' ? printable(chunk) : chunk, ...rest)) as typeof write
  }
}

const unguarded = new Map<NodeJS.WriteStream, NodeJS.WriteStream['write']>()

/** stderr for text that this program made itself. */
export function rawStderr(): NodeJS.WriteStream {
  const write = unguarded.get(process.stderr)
  return write ? Object.create(process.stderr, { write: { value: write } }) : process.stderr
}
