type Flat = Record<string, string | number | boolean | null>

/** Nested settings as one level, `{a: {b: 1}}` → `{'a.b': 1}`; what is undefined becomes null. */
export function flatten(prefix: string, value: Record<string, unknown>): Flat {
  const entries = Object.entries(value).flatMap(([key, part]) => {
    const name = prefix ? `${prefix}.${key}` : key
    return part !== null && typeof part === 'object'
      ? Object.entries(flatten(name, part as Record<string, unknown>))
      : [[name, part ?? null] as const]
  })
  return Object.fromEntries(entries) as Flat
}
