import { markdownTable } from 'markdown-table'
import { UserError } from '../base/errors.ts'
import { grouped } from '../base/grouped.ts'
import { compile } from '../engine/compile.ts'
import { gradientOf } from '../engine/gradients.ts'
import { paramData } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import { stage2Weights } from '../stages/stage2.ts'
import { parseObjectives } from '../training/objectives/table.ts'
import { stage1Settings } from '../training/stage1-settings.ts'
import { profiled } from './profiled.ts'
import { measured, median, type Rows } from './record/rows.ts'
import { type Flags, type Subject, subjectOf } from './subject.ts'
import { teacherOnDevices } from './teacher-on-devices.ts'

/** What the stages learn by where nothing is said. */
const stages = { 'stage 1': parseObjectives(stage1Settings.parse({}).objective), 'stage 2': stage2Weights }
const devices = ['webgpu', 'cuda'] as const
type Device = (typeof devices)[number]

/** A parameter's gradient counts as at least this part of the largest: those that are zero but for rounding have no digits to compare. */
const floor = 1e-3

/**
 * Runs one step of each stage on a device and on the processor: the largest difference of a gradient, as a part of the largest gradient of its
 * parameter; the nodes that the processor ran in the device's place; milliseconds a step on both.
 * @throws UserError for a device that onnxruntime cannot use here
 */
export async function benchDevice(flags: Flags): Promise<Rows> {
  const device = await openDevice(String(flags.device))
  const rows: Rows = {}
  for (const [stage, weights] of Object.entries(stages)) {
    const subject = subjectOf(flags, weights)
    const own = await profiled(subject, 1)
    const other = await profiled(subject, 1, device)
    const { difference, name } = largestDifference(subject, own.results, other.results)
    const fallen = grouped(
      other.nodes.filter(({ args }) => args.provider === 'CPUExecutionProvider'),
      ({ args }) => args.op_name,
    )
    const names = [...fallen].map(([op, nodes]) => `${op} (${nodes.length})`).join(', ') || 'none'
    console.log(
      `${stage}, ${Object.keys(weights).join(', ')}: gradients differ by at most ${difference.toExponential(1)} (${name}); nodes on the processor: ${names}`,
    )
    rows[`${stage}, largest difference of a gradient`] = measured('ratio', difference)
    rows[`${stage}, nodes on the processor`] = measured('nodes', [...fallen.values()].flat().length)
    for (const one of ['cpu', device] as const) rows[`${stage}, ${one}`] = measured('ms', ...(await times(subject, one, Number(flags.steps))))
  }
  if (flags.teacher) Object.assign(rows, await teacherOnDevices(String(flags.teacher), ['cpu', device], Number(flags.images)))
  const timed = Object.entries(rows).filter(([, { unit, values }]) => unit === 'ms' && values.length > 0)
  const cells = timed.map(([name, { values }]) => [name, median(values).toFixed(0), (1000 / median(values)).toFixed(2)])
  if (cells.length > 0) console.log(markdownTable([['what', 'ms', 'a second'], ...cells]))
  return Object.fromEntries(Object.entries(rows).filter(([, { values }]) => values.length > 0))
}

async function openDevice(name: string): Promise<Device> {
  const device = devices.find((one) => one === name)
  if (device) {
    const step = await compile(({ x }) => ({ y: tf.add(x!, 1) }), { x: { dtype: 'float32', shape: [1] } }, { device })
    await step.release()
    return device
  }
  throw new UserError({ where: '--device', expected: devices.join(' or '), got: name, hint: 'The processor is measured beside it.' })
}

async function times({ fn, specs, params, inputs, threads }: Subject, device: Device | 'cpu', steps: number): Promise<number[]> {
  if (steps === 0) return []
  const step = await compile(fn, specs, { threads, device })
  try {
    const feeds = { ...paramData(params), ...inputs }
    await step.run(feeds) // the first run makes the device's programs
    const times: number[] = []
    for (let i = 0; i < steps; i++) {
      const began = performance.now()
      await step.run(feeds)
      times.push(performance.now() - began)
    }
    return times
  } finally {
    await step.release()
  }
}

type Results = Record<string, Float32Array>

function largestDifference({ params }: Subject, own: Results, other: Results): { difference: number; name: string } {
  const names = Object.keys(params)
  const largest = (data: Float32Array) => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const least = floor * Math.max(...names.map((name) => largest(own[gradientOf(name)]!)))
  const differences = names.map((name) => {
    const [a, b] = [own[gradientOf(name)]!, other[gradientOf(name)]!]
    return { name, difference: largest(a.map((value, i) => value - b[i]!)) / Math.max(largest(a), least) }
  })
  return differences.reduce((worst, one) => (one.difference <= worst.difference ? worst : one))
}
