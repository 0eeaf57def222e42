/** One kind of fault or peculiarity, with the places where it was met. */
export interface Finding {
  kind: string
  /** A note is worth knowing; a fault should be mended. */
  severity: 'fault' | 'note'
  cause: string
  fix: string
  count: number
  /** The first of them: `captions.csv:12`, and what stands there. */
  examples: { where: string; got: string }[]
}

/** What is the same of all findings of a kind. */
export type FindingKind = Pick<Finding, 'kind' | 'severity' | 'cause' | 'fix'>

export interface Findings {
  add(kind: FindingKind, where: string, got: string): void
  /** Faults first, each group by number. */
  all(): Finding[]
}

const shown = 20

export function collectFindings(): Findings {
  const found = new Map<string, Finding>()
  return {
    add(kind, where, got) {
      const finding = found.get(kind.kind) ?? { ...kind, count: 0, examples: [] }
      finding.count++
      if (finding.examples.length < shown) finding.examples.push({ where, got: got.slice(0, 200) })
      found.set(kind.kind, finding)
    },
    all: () => [...found.values()].sort((a, b) => a.severity.localeCompare(b.severity) || b.count - a.count),
  }
}
