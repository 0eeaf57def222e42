import { execFile } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { markdownTable } from 'markdown-table'
import { compile } from '../engine/compile.ts'
import { gradientOf } from '../engine/gradients.ts'
import { adamw } from '../engine/optim/adamw.ts'
import { clipScale, globalNorm } from '../engine/optim/gradients.ts'
import { paramData } from '../engine/params.ts'
import { trace } from '../engine/trace/trace.ts'
import { matmulRate } from './matmul.ts'
import { measured, median, type Rows } from './record/rows.ts'
import { type Flags, type Subject, subjectOf } from './subject.ts'

/** Milliseconds after which the threads of one session have stopped spinning and no longer slow the next one. */
const settle = 100

/**
 * Times the compiled step (forward, backward, clipping, AdamW) and 1024³ products in the same runtime with the same threads, in turn:
 * a repeat is three products of each kind and three steps in a row, each three after a pause. ratio = (analytic FLOPs / median time of a step) / the better of the two median MatMul rates. Medians lie apart
 * from bests where something else uses the machine: then neither is worth much.
 */
export async function benchStep(flags: Flags): Promise<Rows> {
  const subject = subjectOf(flags)
  const { fn, specs, flops, threads, shape } = subject
  const traceBegan = performance.now()
  trace(fn, specs)
  const traceTime = performance.now() - traceBegan
  const compileBegan = performance.now()
  const step = await compile(fn, specs, { threads })
  const compileTime = performance.now() - compileBegan - traceTime
  console.log(
    `${flags.preset}, batch ${shape.batchSize} images and ${shape.languages.length * shape.batchSize} texts of ${shape.textLength} tokens, ${threads} threads: ` +
      `${step.graph!.nodes.length} nodes, traced in ${traceTime.toFixed(0)} ms, session in ${compileTime.toFixed(0)} ms, ${(flops / 1e9).toFixed(1)} GFLOP a step`,
  )
  const rates = [await matmulRate(false, threads), await matmulRate(true, threads)]
  const once = trainer(subject, step.run)
  const times: number[] = []
  const products: number[][] = [[], []]
  const round = async (repeats: number) => {
    for (let i = 0; i < repeats; i++) {
      for (const [j, rate] of rates.entries()) {
        await setTimeout(settle)
        for (let k = 0; k < 3; k++) products[j]!.push(await rate.measure())
      }
      await setTimeout(settle)
      for (let k = 0; k < 3; k++) times.push(await once())
    }
  }
  await once() // warm-up, unlike the first repeats of PyTorch
  await rates[0]!.measure()
  const half = Math.ceil(Number(flags.repeats) / 2)
  await round(half)
  const torch = await torchTime(subject, String(flags.python), Number(flags.repeats))
  await round(Number(flags.repeats) - half)
  const speeds: Record<string, number[]> = {
    'MatMul 1024³, both inputs': products[0]!,
    'MatMul 1024³, constant right': products[1]!,
    'compiled step': times.map((time) => flops / time / 1e6),
    ...(torch && { [`PyTorch ${torch.version}`]: torch.milliseconds.map((time) => flops / time / 1e6) }),
  }
  const yardstick = (of: (values: number[]) => number) => Math.max(...products.map(of))
  const best = (values: number[]) => Math.max(...values)
  const rows = Object.entries(speeds).map(([name, values]) => [
    name,
    name.startsWith('MatMul') ? '' : (flops / median(values) / 1e6).toFixed(0),
    median(values).toFixed(1),
    (median(values) / yardstick(median)).toFixed(3),
    best(values).toFixed(1),
    (best(values) / yardstick(best)).toFixed(3),
  ])
  console.log(markdownTable([['what', 'ms', 'GFLOP/s', 'ratio', 'best GFLOP/s', 'ratio of bests'], ...rows]))
  if (torch) console.log(`The compiled step is ${(median(torch.milliseconds) / median(times)).toFixed(2)} times as fast as PyTorch.`)
  if (!torch) console.log(`No comparison with PyTorch: ${flags.python} has no torch (--python PATH names another).`)
  await Promise.all([step.release(), ...rates.map((rate) => rate.release())])
  const rate = (values: number[]) => measured('GFLOP/s', ...values)
  return {
    ...Object.fromEntries(Object.entries(speeds).map(([name, values]) => [name, rate(values)])),
    'compiled step, time': measured('ms', ...times),
    'compiled step, rate by the better MatMul': measured('ratio', median(speeds['compiled step']!) / yardstick(median)),
    ...(torch && {
      [`PyTorch ${torch.version}, time`]: measured('ms', ...torch.milliseconds),
      'PyTorch, time by that of the compiled step': measured('ratio', median(torch.milliseconds) / median(times)),
    }),
    trace: measured('ms', traceTime),
    session: measured('ms', compileTime),
  }
}

/** One step of training as engine/train.ts takes it, without logging; returns its milliseconds. */
function trainer(
  { params, inputs }: Subject,
  run: (feeds: Record<string, Float32Array>) => Promise<Record<string, Float32Array>>,
): () => Promise<number> {
  const names = Object.keys(params)
  const optimizer = adamw(params, names)
  return async () => {
    const began = performance.now()
    const results = await run({ ...paramData(params), ...(inputs as Record<string, Float32Array>) })
    const gradients = Object.fromEntries(names.map((name) => [name, results[gradientOf(name)]!]))
    optimizer.update(gradients, 1e-4, clipScale(globalNorm(gradients), 1))
    return performance.now() - began
  }
}

interface TorchTime {
  version: string
  milliseconds: number[]
}

/** The same model, batch, threads and optimizer in PyTorch; undefined where python has no torch. */
async function torchTime({ config, shape, threads }: Subject, python: string, repeats: number): Promise<TorchTime | undefined> {
  const run = promisify(execFile)
  const found = await run(python, ['-c', 'import torch']).then(
    () => true,
    () => false,
  )
  if (!found) return undefined
  const script = fileURLToPath(new URL('./peers/torch_step.py', import.meta.url))
  const { stdout } = await run(python, [script, JSON.stringify({ config, ...shape, threads, repeats })])
  return JSON.parse(stdout) as TorchTime
}
