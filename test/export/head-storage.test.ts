import test from 'ava'
import { random } from '../../base/random.ts'
import type { Graph } from '../../engine/onnx/model.ts'
import { encodeModel } from '../../engine/onnx/proto.ts'
import { openSession } from '../../engine/runtime.ts'
import { storedAs } from '../../export/head-storage.ts'

const [rows, columns] = [3, 70] // a block and a bit
const next = random(1, 2, 3)
const weights = Float32Array.from({ length: rows * columns }, () => next() - 0.5)
const graph: Graph = {
  name: 'head',
  opsets: { '': 17 },
  irVersion: 8,
  inputs: [{ name: 'x', dtype: 'float32', dims: ['b', columns] }],
  outputs: [{ name: 'y', dtype: 'float32', dims: ['b', rows] }],
  nodes: [
    { op: 'Transpose', domain: '', inputs: ['w'], outputs: ['t'], attributes: { perm: [1, 0] } },
    { op: 'MatMul', domain: '', inputs: ['x', 't'], outputs: ['y'], attributes: {} },
  ],
  initializers: new Map([['w', { dtype: 'float32', dims: [rows, columns], data: weights }]]),
}

/** The matrix as onnxruntime works it out: what the identity reads. */
async function read(stored: Graph): Promise<Float32Array> {
  const session = await openSession(encodeModel(stored), { threads: 1 })
  const identity = Float32Array.from({ length: columns * columns }, (_, i) => Number(i % (columns + 1) === 0))
  const { y } = await session.run({ x: { data: identity, dims: [columns, columns] } })
  await session.release()
  return Float32Array.from({ length: rows * columns }, (_, i) => (y!.data as Float32Array)[(i % columns) * rows + Math.floor(i / columns)]!)
}

// Numbers in ±0.5: a step is 1/254 of the range at int8, 1/15 at int4, and a rounded number is within half of one, or cut off by a little at int4's ends.
for (const [dtype, most, bytes] of [
  ['fp16', 2.5e-4, 2 * rows * columns],
  ['int8', 0.5 / 254 + 1e-6, rows * columns + 4 * rows],
  ['int4', 0.06, rows * (64 + 2 * 2)],
] as const) {
  test(`${dtype}: the matrix that a runtime works out is near, and small in the file`, async (t) => {
    const stored = storedAs(graph, dtype)
    const found = await read(stored)
    const errors = found.map((value, i) => Math.abs(value - weights[i]!))
    t.true(Math.max(...errors) < most, `${Math.max(...errors)}`)
    t.true(errors.some((error) => error > 0))
    const held = [...stored.initializers].filter(([name]) => /_(fp16|int8|int4|scale)$/.test(name))
    t.is(
      held.reduce((sum, [, { data }]) => sum + data.byteLength, 0),
      bytes,
    )
  })
}

test('int4 spells the levels of a block exactly', async (t) => {
  const levels = Float32Array.from({ length: rows * columns }, (_, i) => ((i % 16) - 8) * 0.25)
  const exact = { ...graph, initializers: new Map([['w', { dtype: 'float32' as const, dims: [rows, columns], data: levels }]]) }
  const found = await read(storedAs(exact, 'int4'))
  for (let row = 0; row < rows; row++) t.deepEqual(found.slice(row * columns, row * columns + 64), levels.slice(row * columns, row * columns + 64))
})
