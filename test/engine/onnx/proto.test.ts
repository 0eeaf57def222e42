import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import protobuf from 'protobufjs'
import { UserError } from '../../../base/errors.ts'
import { random } from '../../../base/random.ts'
import type { Graph } from '../../../engine/onnx/model.ts'
import { decodeModel, encodeModel } from '../../../engine/onnx/proto.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { floats, gaussian, graphOf, ints, load, node, run, runBytes } from './run.ts'

const everything = (): Graph => ({
  name: 'every kind of thing',
  nodes: [
    node('LeakyRelu', ['x'], ['a'], { alpha: { float: 0.5 } }),
    node('Split', ['a', ''], ['b', 'c'], { axis: -1 }),
    node('Made', ['c'], ['d', ''], { mode: 'tanh é', perm: [1, 0], none: [], steps: { floats: [0.25, -2] }, t: ints([2], [3, -1]) }, 'com.microsoft'),
  ],
  inputs: [{ name: 'x', dtype: 'float32', dims: ['batch', '', 3, 0] }],
  outputs: [{ name: 'd', dtype: 'float16', dims: [] }],
  initializers: new Map([
    ['z', floats([2, 2], [1, -0, Infinity, NaN])],
    ['half', { dtype: 'float16', dims: [1], data: Uint16Array.of(0x3c00) }],
    ['long', { dtype: 'int64', dims: [3], data: BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), -1n) }],
    ['int', { dtype: 'int32', dims: [], data: Int32Array.of(-7) }],
    ['byte', { dtype: 'int8', dims: [2], data: Int8Array.of(-128, 127) }],
    ['ubyte', { dtype: 'uint8', dims: [2], data: Uint8Array.of(0, 255) }],
    ['bool', { dtype: 'bool', dims: [2], data: Uint8Array.of(1, 0) }],
    ['empty', floats([0, 4], [])],
  ]),
  opsets: { '': 17, 'com.microsoft': 1 },
  irVersion: 8,
})

test('decode(encode(graph)) is the graph, and encoding is deterministic', (t) => {
  const bytes = encodeModel(everything())
  t.deepEqual(decodeModel(bytes), everything())
  t.deepEqual([...decodeModel(bytes).initializers.keys()], [...everything().initializers.keys()])
  t.deepEqual(encodeModel(decodeModel(bytes)), bytes)
})

test('decoding copies: it works from unaligned bytes and does not hold on to them', (t) => {
  const bytes = encodeModel(everything())
  const shifted = new Uint8Array(bytes.length + 1)
  shifted.set(bytes, 1)
  const graph = decodeModel(shifted.subarray(1))
  shifted.fill(0)
  t.deepEqual(graph, everything())
})

test('onnxruntime runs what is encoded', async (t) => {
  const graph = graphOf({
    nodes: [
      node('MatMul', ['x', 'w'], ['y']),
      node('LeakyRelu', ['y'], ['z'], { alpha: { float: 0.5 } }),
      node('Transpose', ['z'], ['t'], { perm: [1, 0] }),
      node('ReduceSum', ['x', 'axes'], ['s'], { keepdims: 0 }),
      node('Clip', ['x', '', 'most'], ['c']),
    ],
    inputs: [{ name: 'x', dtype: 'float32', dims: ['n', 3] }],
    outputs: [
      { name: 't', dtype: 'float32', dims: [2, 'n'] },
      { name: 's', dtype: 'float32', dims: ['n'] },
      { name: 'c', dtype: 'float32', dims: ['n', 3] },
    ],
    initializers: new Map([
      ['w', floats([3, 2], [1, -2, 3, 4, 5, -6])],
      ['axes', ints([1], [1])],
      ['most', floats([], [1.5])],
    ]),
  })
  const result = await run(graph, { x: floats([2, 3], [1, 1, 1, 0, 2, 0]) })
  t.deepEqual(result.t, floats([2, 2], [9, 6, -2, 8]))
  t.deepEqual(result.s, floats([2], [3, 2]))
  t.deepEqual(result.c, floats([2, 3], [1, 1, 1, 0, 1.5, 0]))
})

test('"to the end", the largest integer of a file, stays the largest', (t) => {
  const slice = (most: number) => ({ ...everything(), nodes: [node('Slice', ['x'], ['d'], { ends: [most, 5], axis: most })] })
  t.deepEqual(decodeModel(encodeModel(slice(2 ** 63))), slice(2 ** 63 - 1024))
})

test('a file written by onnxruntime is read, and runs the same after rewriting', async (t) => {
  const graph = graphOf({
    nodes: [
      node('MatMul', ['x', 'w'], ['y']),
      node('Add', ['y', 'b'], ['s']),
      node('Erf', ['s'], ['z']),
      node('Softmax', ['z'], ['o'], { axis: -1 }),
    ],
    inputs: [{ name: 'x', dtype: 'float32', dims: ['n', 8] }],
    outputs: [{ name: 'o', dtype: 'float32', dims: ['n', 4] }],
    initializers: new Map([
      ['w', gaussian([8, 4], 1)],
      ['b', gaussian([4], 2)],
    ]),
  })
  const folder = await temporaryFolder(t)
  const path = join(folder, 'optimized.onnx')
  await load('1.30').InferenceSession.create(encodeModel(graph), { optimizedModelFilePath: path, graphOptimizationLevel: 'basic' })
  const bytes = await readFile(path)
  const read = decodeModel(bytes)
  t.true(read.nodes.length >= 3)
  const x = gaussian([5, 8], 3)
  t.deepEqual(await run(read, { x }), await runBytes(bytes, { x }))
})

/** Fields in the wire format, for files that other producers might write. */
const field = (id: number, value: number | string | Uint8Array): [number, number | string | Uint8Array] => [id, value]
function message(...fields: [number, number | string | Uint8Array][]): Uint8Array {
  const writer = protobuf.Writer.create()
  for (const [id, value] of fields) {
    if (typeof value === 'number') writer.uint32(id << 3).int64(value)
    else if (typeof value === 'string') writer.uint32((id << 3) | 2).string(value)
    else writer.uint32((id << 3) | 2).bytes(value)
  }
  return writer.finish()
}
const floatsPacked = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)
const model = (graph: Uint8Array): Uint8Array =>
  message(field(1, 3), field(2, 'somebody'), field(5, 7), field(7, graph), field(8, message(field(1, ''), field(2, 13))))
const tensorType = (type: number): Uint8Array => message(field(1, message(field(1, type), field(2, message(field(1, message()))))))

test('older forms are read: listed initializers as inputs, typed lists, named default domain, unknown fields', (t) => {
  const graph = message(
    field(1, message(field(1, 'x'), field(1, 'w'), field(2, 'y'), field(3, 'first'), field(4, 'Add'), field(7, 'ai.onnx'))),
    field(2, 'old'),
    field(5, message(field(1, 2), field(2, 1), field(4, floatsPacked(1.5, -2)), field(8, 'w'))),
    field(5, message(field(1, 1), field(2, 7), field(7, Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 127)), field(8, 'far'))),
    field(5, message(field(1, 1), field(2, 10), field(5, Uint8Array.of(0x80, 0x78)), field(8, 'one'))),
    field(5, message(field(1, 2), field(2, 3), field(5, 5), field(5, -5), field(8, 'unpacked'))),
    field(10, 'a doc string'),
    field(11, message(field(1, 'x'), field(2, tensorType(1)))),
    field(11, message(field(1, 'w'), field(2, tensorType(1)))),
    field(12, message(field(1, 'y'), field(2, tensorType(1)))),
  )
  const read = decodeModel(model(graph))
  t.deepEqual(read.opsets, { '': 13 })
  t.is(read.irVersion, 3)
  t.deepEqual(read.inputs, [{ name: 'x', dtype: 'float32', dims: [''] }])
  t.deepEqual(read.nodes, [node('Add', ['x', 'w'], ['y'])])
  t.deepEqual(read.initializers.get('w'), floats([2], [1.5, -2]))
  t.deepEqual(read.initializers.get('far')!.data, BigInt64Array.of(2n ** 63n - 1n))
  t.deepEqual(read.initializers.get('one')!.data, Uint16Array.of(0x3c00))
  t.deepEqual(read.initializers.get('unpacked')!.data, Int8Array.of(5, -5))
})

const output = field(12, message(field(1, 'y'), field(2, tensorType(1))))
const refused: [string, Uint8Array, RegExp][] = [
  ['empty file', new Uint8Array(), /no graph inside/],
  ['text', new TextEncoder().encode('version https://git-lfs.github.com/spec/v1'), /do not parse|no graph/],
  ['external data', model(message(output, field(5, message(field(1, 1), field(2, 1), field(8, 'w'), field(14, 1))))), /'w'.*external data/],
  ['float64', model(message(output, field(5, message(field(1, 1), field(2, 11), field(8, 'w'))))), /'w'.*got float64/],
  [
    'too few elements',
    model(message(output, field(5, message(field(1, 3), field(2, 1), field(4, floatsPacked(1)), field(8, 'w'))))),
    /3 elements.*got 1/,
  ],
  [
    'subgraph',
    model(message(output, field(1, message(field(2, 'y'), field(4, 'If'), field(5, message(field(1, 'then_branch'), field(20, 5))))))),
    /If node 'y'.*subgraph/,
  ],
  ['input that is no tensor', model(message(output, field(11, message(field(1, 'x'))))), /'x'.*no tensor/],
]
for (const [name, bytes, pattern] of refused) {
  test(`refused with a clear error: ${name}`, (t) => {
    const error = t.throws(() => decodeModel(bytes, 'model.onnx'), { instanceOf: UserError })
    t.regex(error.message, pattern)
    t.regex(error.message, /^model\.onnx/)
  })
}

test('cut or flipped bytes give a UserError or a graph, never another error', (t) => {
  const bytes = encodeModel(everything())
  for (let length = 0; length < bytes.length; length++)
    t.throws(() => decodeModel(bytes.subarray(0, length)), { instanceOf: UserError }, `${length} bytes`)
  const next = random(5)
  let refusals = 0
  for (let round = 0; round < 2000; round++) {
    const broken = Uint8Array.from(bytes)
    broken[Math.floor(next() * broken.length)]! ^= 1 << Math.floor(next() * 8)
    try {
      decodeModel(broken)
    } catch (error) {
      refusals++
      if (!(error instanceof UserError)) throw error
    }
  }
  t.true(refusals > 100)
})
