/** Where the time of a compiled step goes, by onnxruntime's own profiler. */
import { markdownTable } from 'markdown-table'
import { grouped } from '../base/grouped.ts'
import { type NodeEvent, profiled } from './profiled.ts'
import { measured, type Rows } from './record/rows.ts'
import { type Flags, subjectOf } from './subject.ts'

/** Prints milliseconds a step per kind of node, and the shapes that cost most. @returns those of every kind */
export async function benchProfile(flags: Flags): Promise<Rows> {
  const runs = Number(flags.repeats) + 1
  const { nodes } = await profiled(subjectOf(flags), runs)
  const total = timeOf(nodes)
  const table = (label: string, key: (event: NodeEvent) => string, most: number) => {
    const sums = [...grouped(nodes, key)].map(([name, some]) => ({ name, time: timeOf(some), count: some.length }))
    const rows = sums.toSorted((a, b) => b.time - a.time).slice(0, most)
    console.log(
      markdownTable([
        [label, 'a step', 'ms a step', '%'],
        ...rows.map(({ name, time, count }) => [name, (count / runs).toFixed(0), (time / 1000 / runs).toFixed(2), ((100 * time) / total).toFixed(1)]),
      ]),
    )
  }
  const nodeOf = ({ args }: NodeEvent) => args.op_name
  table('node', nodeOf, 20)
  table('shapes', ({ args }) => `${args.op_name} ${shapes(args.input_type_shape)} → ${shapes(args.output_type_shape)}`, 30)
  return Object.fromEntries([...grouped(nodes, nodeOf)].map(([name, some]) => [name, measured('ms a step', timeOf(some) / 1000 / runs)]))
}

/** Microseconds. */
function timeOf(events: readonly NodeEvent[]): number {
  return events.reduce((sum, { dur }) => sum + dur, 0)
}

function shapes(list: Record<string, number[]>[] | undefined): string {
  return (list ?? []).map((one) => `[${Object.values(one)[0]}]`).join(' ')
}
