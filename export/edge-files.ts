import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import { updateChecksums } from '../base/checksums.ts'
import { writeFileAtomic } from '../base/disk.ts'
import type { Provenance } from '../report/schema.ts'
import { addToCard } from './card-section.ts'
import { type EdgeRow, edgeTable } from './edge.ts'
import type { EdgeGoal } from './edge-goals.ts'

/** What edge.json holds: bytes, milliseconds on one thread, items a second, fractions. */
export interface EdgeReport {
  schema: 1
  rows: EdgeRow[]
  goals: EdgeGoal[]
  /** Load average of the machine just before; on Windows always 0. */
  load: number
  machine: Provenance['machine']
  versions: Provenance['versions']
}

export const edgeFiles = ['edge.json', 'edge.md'] as const

/** Writes edge.json and edge.md into an exported folder and the table into its model card. Returns what was written. */
export async function writeEdgeReport(dir: string, report: EdgeReport): Promise<string[]> {
  const [json, markdown] = edgeFiles.map((name) => join(dir, name)) as [string, string]
  await writeFileAtomic(json, `${JSON.stringify(report, null, 2)}\n`)
  await writeFileAtomic(markdown, `# Edge report\n\n${edgeMarkdown(report)}\n`)
  await updateChecksums(dir, [edgeFiles[0]])
  const changed = await addToCard(dir, 'On the edge', edgeMarkdown(report))
  return [json, markdown, ...(changed ? [changed] : [])]
}

/** How it was measured, the table, and the goals with what came of them. */
export function edgeMarkdown({ rows, goals, load, machine, versions }: EdgeReport): string {
  const protocol = rows.flatMap(({ recall }) => recall)[0]?.protocol
  const busy = load > machine.cores / 2
  const about = [
    `One thread of ${machine.cpu} (${machine.platform}), Node ${versions.node}, onnxruntime ${versions['onnxruntime-node']}. Milliseconds for one image of the model's size`,
    'and for one short text, tokenizer and tensors included, decoding of the picture not; runs of all models interleaved, each',
    'after one of the same model that is not timed. Images and texts a second: of processor time, 16 at a time. Memory: what both towers',
    "take at the peak of a process of their own, some 25 MB of onnxruntime's own included.",
    busy ? `Other programs kept the machine busy (load ${load.toFixed(1)} on ${machine.cores} cores): what takes long looks slower than it is.` : '',
    protocol ? `Mean recall in percent on \`${protocol}\`, a validation protocol, one image or text at a time.` : '',
  ]
  const missed = goals.filter(({ met }) => !met).length
  const verdict = markdownTable([['goal', 'here', ''], ...goals.map(({ goal, got, met }) => [goal, got, met ? 'met' : '**missed**'])])
  const summary = `Goals met: ${goals.length - missed} of ${goals.length}.`
  return [about.filter(Boolean).join('\n'), edgeTable(rows), ...(goals.length > 0 ? [summary, verdict] : [])].join('\n\n')
}
