/** One `new UserError({…})` of the source: its fields as they are written, and the object as a whole. */
export interface Message {
  file: string
  /** Field → source text of its value. */
  fields: Record<string, string>
}

const closers: Record<string, string> = { '(': ')', '[': ']', '{': '}' }

/** Every UserError that a source file makes. Errors made with something else than an object literal come with no fields. */
export function messagesIn(file: string, source: string): Message[] {
  const bare = withoutComments(source)
  return [...bare.matchAll(/new UserError\(\s*/g)].map(({ index, 0: call }) => {
    const from = index + call.length
    return { file, fields: bare[from] === '{' ? fieldsOf(bare, from) : {} }
  })
}

/** Fields of the object literal that begins at `from`: `key: value` and shorthands. */
function fieldsOf(source: string, from: number): Record<string, string> {
  const fields: Record<string, string> = {}
  let at = from + 1
  while (at < source.length) {
    const start = at
    let colon = -1
    while (!',}'.includes(source[at]!)) {
      if (source[at] === ':' && colon < 0) colon = at
      at = skip(source, at)
    }
    const key = source.slice(start, colon < 0 ? at : colon).trim()
    if (key !== '')
      fields[key] =
        colon < 0
          ? key
          : source
              .slice(colon + 1, at)
              .trim()
              .replaceAll(/\s+/g, ' ')
    if (source[at] === '}') return fields
    at++
  }
  throw new Error('an object without end')
}

/** The place after the string, template, bracket or character at `at`. */
function skip(source: string, at: number): number {
  const character = source[at]!
  if (character === "'" || character === '"') return afterString(source, at)
  if (character === '`') return afterTemplate(source, at)
  const closer = closers[character]
  if (closer === undefined) return at + 1
  let inside = at + 1
  while (source[inside] !== closer) inside = skip(source, inside)
  return inside + 1
}

function afterString(source: string, at: number): number {
  let end = at + 1
  while (source[end] !== source[at]) end += source[end] === '\\' ? 2 : 1
  return end + 1
}

function afterTemplate(source: string, at: number): number {
  let end = at + 1
  while (source[end] !== '`') {
    if (source[end] === '\\') end += 2
    else if (source.startsWith('${', end)) end = skip(source, end + 1)
    else end++
  }
  return end + 1
}

/** Comments may hold quotes that close nothing. Only whole-line and doc comments, which is where they stand here. */
function withoutComments(source: string): string {
  return source
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/ \/\/ .*$/gm, '')
}
