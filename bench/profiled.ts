import '../engine/telemetry-off.ts'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { stepGraph } from '../engine/compile.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import { paramData } from '../engine/params.ts'
import type { RuntimeOptions } from '../engine/runtime.ts'
import type { Subject } from './subject.ts'

/** A node of the graph that ran once. */
export interface NodeEvent {
  dur: number // microseconds
  args: {
    op_name: string
    /** What ran it, such as CPUExecutionProvider. */
    provider: string
    output_type_shape?: Record<string, number[]>[]
    input_type_shape?: Record<string, number[]>[]
  }
}

/** Runs a step so many times under onnxruntime's own profiler. @returns what it ran, and the outputs of the last time */
export async function profiled(subject: Subject, runs: number, device: RuntimeOptions['device'] = 'cpu') {
  const { fn, specs, params, inputs, threads } = subject
  const dir = await mkdtemp(join(tmpdir(), 'profile-'))
  try {
    const graph = stepGraph(fn, specs, device)
    const session = await ort.InferenceSession.create(encodeModel(graph), {
      executionProviders: [device],
      intraOpNumThreads: threads,
      enableProfiling: true,
      profileFilePrefix: join(dir, 'step'),
      logSeverityLevel: 4,
    })
    const data: Record<string, Float32Array> = { ...paramData(params), ...(inputs as Record<string, Float32Array>) }
    const used = graph.inputs.filter(({ name }) => session.inputNames.includes(name))
    const feeds = Object.fromEntries(used.map(({ name, dtype }) => [name, new ort.Tensor(dtype as 'float32', data[name]!, specs[name]!.shape)]))
    let outputs: Record<string, ort.Tensor> = {}
    for (let i = 0; i < runs; i++) outputs = await session.run(feeds)
    session.endProfiling()
    await session.release()
    const [file] = await readdir(dir)
    const events = JSON.parse(await readFile(join(dir, file!), 'utf8')) as (NodeEvent & { cat: string })[]
    const results = Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float32Array]))
    return { nodes: events.filter(({ cat, args }) => cat === 'Node' && args?.op_name), results }
  } finally {
    await rm(dir, { recursive: true })
  }
}
