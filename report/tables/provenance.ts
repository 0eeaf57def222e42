import { languageName, thousands } from '../format.ts'
import type { Report } from '../schema.ts'

/** What a report is of and where it comes from, by name. */
export type Facts = [name: string, text: string][]

/** Time, memory, machine, commit and seed of a report. */
export function provenanceFacts({ seed, machine, commit, dirty, minutes, peakMemoryMB }: Report['provenance']): Facts {
  const device = machine.device ? `, on ${machine.device}` : ''
  return [
    ['Time', `${minutes.toFixed(1)} minutes`],
    ['Peak memory', `${thousands(Math.round(peakMemoryMB))} MB`],
    ['Machine', `${machine.cpu}, ${machine.cores} cores, ${thousands(machine.memoryMB)} MB, ${machine.platform}${device}`],
    ['Commit', `${commit ?? 'unknown'}${dirty ? ' with local changes' : ''}`],
    ['Seed', String(seed)],
  ]
}

/** Languages, counts, licence and note of each corpus. */
export function dataFacts({ data = [] }: Report): { corpus: string; facts: Facts }[] {
  return data.map(({ corpus, languages, counts = {}, licence, note }) => ({
    corpus,
    facts: [
      ['Languages', languages.map(languageName).join(', ')],
      ...Object.entries(counts).map(([name, count]): [string, string] => [name, thousands(count)]),
      ['Licence', licence],
      ...(note ? [['Note', note] as [string, string]] : []),
    ],
  }))
}
