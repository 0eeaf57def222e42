/** One kind of fault or peculiarity, with the places where it was met. */
export interface Finding {
  kind: string
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

const mostExamples = 20

/** A kind of finding that should be mended. */
export function fault(kind: string, cause: string, fix: string): FindingKind {
  return { kind, severity: 'fault', cause, fix }
}

/** A kind of finding that is worth knowing. */
export function note(kind: string, cause: string, fix: string): FindingKind {
  return { kind, severity: 'note', cause, fix }
}

export function collectFindings(): Findings {
  const found = new Map<string, Finding>()
  return {
    add(kind, where, got) {
      const finding = found.get(kind.kind) ?? { ...kind, count: 0, examples: [] }
      finding.count++
      if (finding.examples.length < mostExamples) finding.examples.push({ where, got: got.slice(0, 200) })
      found.set(kind.kind, finding)
    },
    all: () => [...found.values()].sort((a, b) => a.severity.localeCompare(b.severity) || b.count - a.count),
  }
}
