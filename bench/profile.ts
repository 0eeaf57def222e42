/** Where the time of a compiled step goes, by onnxruntime's own profiler. */
import '../engine/telemetry-off.ts'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import * as ort from 'onnxruntime-node'
import { grouped } from '../base/grouped.ts'
import { stepGraph } from '../engine/compile.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import { paramData } from '../engine/params.ts'
import { measured, type Rows } from './record/rows.ts'
import { type Flags, type Subject, subjectOf } from './subject.ts'

interface Event {
  cat: string
  dur: number // microseconds
  args?: { op_name?: string; output_type_shape?: Record<string, number[]>[]; input_type_shape?: Record<string, number[]>[] }
}

/** Prints milliseconds a step per kind of node, and the shapes that cost most. @returns those of every kind */
export async function benchProfile(flags: Flags): Promise<Rows> {
  const subject = subjectOf(flags)
  const dir = await mkdtemp(join(tmpdir(), 'profile-'))
  try {
    const events = await profile(subject, join(dir, 'step'), Number(flags.repeats))
    const nodes = events.filter(({ cat, args }) => cat === 'Node' && args?.op_name)
    const total = timeOf(nodes)
    const runs = Number(flags.repeats) + 1
    const table = (label: string, key: (event: Event) => string, most: number) => {
      const sums = [...grouped(nodes, key)].map(([name, some]) => ({ name, time: timeOf(some), count: some.length }))
      const rows = sums.toSorted((a, b) => b.time - a.time).slice(0, most)
      console.log(
        markdownTable([
          [label, 'a step', 'ms a step', '%'],
          ...rows.map(({ name, time, count }) => [
            name,
            (count / runs).toFixed(0),
            (time / 1000 / runs).toFixed(2),
            ((100 * time) / total).toFixed(1),
          ]),
        ]),
      )
    }
    const nodeOf = ({ args }: Event) => args!.op_name!
    table('node', nodeOf, 20)
    table('shapes', ({ args }) => `${args!.op_name} ${shapes(args!.input_type_shape)} → ${shapes(args!.output_type_shape)}`, 30)
    return Object.fromEntries([...grouped(nodes, nodeOf)].map(([name, some]) => [name, measured('ms a step', timeOf(some) / 1000 / runs)]))
  } finally {
    await rm(dir, { recursive: true })
  }
}

async function profile({ fn, specs, model, inputs, threads }: Subject, prefix: string, repeats: number): Promise<Event[]> {
  const graph = stepGraph(fn, specs)
  const session = await ort.InferenceSession.create(encodeModel(graph), {
    intraOpNumThreads: threads,
    enableProfiling: true,
    profileFilePrefix: prefix,
    logSeverityLevel: 3,
  })
  const data: Record<string, Float32Array> = { ...paramData(model.params), ...(inputs as Record<string, Float32Array>) }
  const used = graph.inputs.filter(({ name }) => session.inputNames.includes(name))
  const feeds = Object.fromEntries(used.map(({ name, dtype }) => [name, new ort.Tensor(dtype as 'float32', data[name]!, specs[name]!.shape)]))
  for (let i = 0; i <= repeats; i++) await session.run(feeds)
  session.endProfiling()
  await session.release()
  const folder = join(prefix, '..')
  const [file] = await readdir(folder)
  return JSON.parse(await readFile(join(folder, file!), 'utf8'))
}

/** Microseconds. */
function timeOf(events: readonly Event[]): number {
  return events.reduce((sum, { dur }) => sum + dur, 0)
}

function shapes(list: Record<string, number[]>[] | undefined): string {
  return (list ?? []).map((one) => `[${Object.values(one)[0]}]`).join(' ')
}
