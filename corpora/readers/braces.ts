/** `a-{00..02}.tar::b.tar` → a-00.tar, a-01.tar, a-02.tar, b.tar; `{x,y}` works, too. */
export function shardNames(written: string): string[] {
  return written.split('::').flatMap(expanded)
}

function expanded(pattern: string): string[] {
  const [whole, inner] = /\{([^{}]*)\}/.exec(pattern) ?? []
  if (whole === undefined || inner === undefined) return [pattern]
  return choices(inner).flatMap((choice) => expanded(pattern.replace(whole, () => choice)))
}

function choices(inner: string): string[] {
  const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(inner) ?? []
  if (from === undefined || to === undefined) return inner.split(',')
  const step = Number(to) >= Number(from) ? 1 : -1
  const count = Math.abs(Number(to) - Number(from)) + 1
  return Array.from({ length: count }, (_, i) => String(Number(from) + i * step).padStart(from.length, '0'))
}
