import test from 'ava'
import type { Graph, Node, TensorData } from '../../engine/onnx/model.ts'
import { encodeModel } from '../../engine/onnx/proto.ts'
import { quantizeDynamic } from '../../export/quantize.ts'
import { quantizeInt4Blocks, quantizeInt8 } from '../../export/quantize-codec.ts'
import { toFloat16 } from '../../export/quantize-float16.ts'
import { quantizeInt4 } from '../../export/quantize-int4.ts'
import { quantizableWeights } from '../../export/quantize-weights.ts'
import { bytesIn, floats, gaussian, graphOf, ints, node, run, versions } from '../engine/onnx/run.ts'
import { throwsUserError } from '../user-error.ts'

const VOCABULARY = 300
const WIDTH = 64
const HIDDEN = 200 // not a whole number of blocks of 32

/** Embedding, two MatMuls of one input, a second layer, mean over tokens, projection: a text tower in small. */
function tower(): Graph {
  const nodes: Node[] = [
    node('Gather', ['table', 'ids'], ['e']),
    node('Add', ['e', 'positions'], ['x']),
    node('MatMul', ['x', 'up'], ['u0']),
    node('MatMul', ['x', 'gate'], ['g0']),
    node('Add', ['u0', 'up_bias'], ['u']),
    node('Sigmoid', ['g0'], ['g']),
    node('Mul', ['u', 'g'], ['h']),
    node('MatMul', ['h', 'down'], ['d']),
    node('Add', ['x', 'd'], ['y']),
    node('Add', ['y', 'far'], ['y2']),
    node('Mul', ['y2', 'one'], ['y3']),
    node('ReduceMean', ['y3'], ['m'], { axes: [1], keepdims: 0 }),
    node('MatMul', ['m', 'project'], ['text_embeds']),
  ]
  const initializers = new Map<string, TensorData>([
    ['table', gaussian([VOCABULARY, WIDTH], 1)],
    ['positions', gaussian([8, WIDTH], 2)],
    ['up', gaussian([WIDTH, HIDDEN], 3, WIDTH ** -0.5)],
    ['gate', gaussian([WIDTH, HIDDEN], 4, WIDTH ** -0.5)],
    ['up_bias', gaussian([HIDDEN], 5, 0.1)],
    ['down', gaussian([HIDDEN, WIDTH], 6, HIDDEN ** -0.5)],
    [
      'far',
      floats(
        [WIDTH],
        Array.from({ length: WIDTH }, () => 1e-9),
      ),
    ], // float16 would make it zero
    ['one', floats([], [1])],
    ['project', gaussian([WIDTH, 32], 7, WIDTH ** -0.5)],
  ])
  return graphOf({
    nodes,
    initializers,
    inputs: [{ name: 'ids', dtype: 'int64', dims: ['b', 8] }],
    outputs: [{ name: 'text_embeds', dtype: 'float32', dims: ['b', 32] }],
  })
}

const feeds = {
  ids: ints(
    [6, 8],
    Array.from({ length: 48 }, (_, i) => (i * 37) % VOCABULARY),
  ),
}

function cosine(a: TensorData, b: TensorData): number {
  let ab = 0
  let aa = 0
  let bb = 0
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [Number(a.data[i]), Number(b.data[i])]
    ab += x * y
    aa += x * x
    bb += y * y
  }
  return ab / Math.sqrt(aa * bb)
}

async function agreement(graph: Graph, version: (typeof versions)[number] = '1.30'): Promise<number> {
  const [expected, got] = [await run(tower(), feeds), await run(graph, feeds, version)]
  return cosine(expected.text_embeds!, got.text_embeds!)
}

const ops = (graph: Graph): string[] => graph.nodes.map((made) => made.op)
const count = (graph: Graph, op: string): number => ops(graph).filter((made) => made === op).length

for (const version of versions) {
  test(`fp16 agrees with fp32 in onnxruntime ${version}`, async (t) => {
    const graph = toFloat16(tower())
    const similarity = await agreement(graph, version)
    t.log(`cosine ${similarity}, ${bytesIn(graph)} of ${bytesIn(tower())} bytes`)
    t.true(similarity >= 0.999999)
  })

  for (const [reduceRange, least] of [
    [true, 0.999],
    [false, 0.98], // without VNNI sums saturate
  ] as const) {
    test(`q8 agrees with fp32 in onnxruntime ${version}, ${reduceRange ? 'seven' : 'eight'} bits`, async (t) => {
      const graph = quantizeDynamic(tower(), { reduceRange })
      const similarity = await agreement(graph, version)
      t.log(`cosine ${similarity}, ${bytesIn(graph)} of ${bytesIn(tower())} bytes`)
      t.true(similarity >= least)
    })
  }
}

for (const blockSize of [16, 32, 64]) {
  test(`q4 agrees with fp32, blocks of ${blockSize}`, async (t) => {
    const graph = quantizeInt4(tower(), { blockSize })
    const similarity = await agreement(graph)
    t.log(`cosine ${similarity}, ${bytesIn(graph)} of ${bytesIn(tower())} bytes`)
    t.true(similarity >= 0.98)
    t.deepEqual(graph.opsets, { '': 17, 'com.microsoft': 1 })
    t.is(count(graph, 'MatMulNBits'), 4)
    t.is(count(graph, 'GatherBlockQuantized'), 1)
  })
}

test('q8 quantizes a shared input once, and drops the float weights', (t) => {
  const graph = quantizeDynamic(tower())
  t.is(count(graph, 'MatMulInteger'), 4)
  t.is(count(graph, 'DynamicQuantizeLinear'), 3)
  t.is(count(graph, 'MatMul'), 0)
  for (const name of ['table', 'up', 'gate', 'down', 'project']) t.false(graph.initializers.has(name))
  t.is([...graph.initializers.values()].filter((tensor) => tensor.dims.length === 0 && tensor.dtype === 'int8').length, 1)
  t.deepEqual(graph.opsets, { '': 17 })
  t.true(bytesIn(graph) < bytesIn(tower()) * 0.31)
})

test('fp16 keeps what float16 cannot hold, small constants, and the signature', (t) => {
  const graph = toFloat16(tower())
  t.is(graph.initializers.get('far')!.dtype, 'float32')
  t.is(graph.initializers.get('one')!.dtype, 'float32')
  t.is(graph.initializers.get('table_fp16')!.dtype, 'float16')
  t.deepEqual([graph.inputs, graph.outputs], [tower().inputs, tower().outputs])
  t.true(bytesIn(graph) < bytesIn(tower()) * 0.52)
  const gathered = graph.nodes.find((made) => made.op === 'Gather')!
  t.deepEqual(gathered.inputs, ['table_fp16', 'ids'])
})

test('keepFp32 leaves the named weights alone', async (t) => {
  const all = quantizableWeights(tower())
  t.deepEqual(
    all.map(({ name, kind }) => [name, kind]),
    [
      ['table', 'gather'],
      ['up', 'matmul'],
      ['gate', 'matmul'],
      ['down', 'matmul'],
      ['project', 'matmul'],
    ],
  )
  t.is(all[0]!.parameters, VOCABULARY * WIDTH)
  const keepFp32 = ['table', 'down', 'nothing of this name']
  for (const graph of [quantizeDynamic(tower(), { keepFp32 }), quantizeInt4(tower(), { keepFp32 })]) {
    t.deepEqual(
      quantizableWeights(graph).map(({ name }) => name),
      ['table', 'down'],
    )
    t.is(graph.initializers.get('down')!.dtype, 'float32')
    t.true((await agreement(graph)) > 0.98)
  }
  const names = all.map(({ name }) => name)
  t.deepEqual(encodeModel(quantizeDynamic(tower(), { keepFp32: names })), encodeModel(tower()))
})

test('the argument is untouched and the result is the same every time', (t) => {
  for (const rewrite of [toFloat16, quantizeDynamic, quantizeInt4]) {
    const graph = tower()
    const first = encodeModel(rewrite(graph))
    t.deepEqual(encodeModel(graph), encodeModel(tower()))
    t.deepEqual(encodeModel(rewrite(graph)), first)
  }
})

test('formats compose: what q8 leaves can be stored as fp16', async (t) => {
  const graph = toFloat16(quantizeDynamic(tower(), { keepFp32: ['down'] }))
  t.is(graph.initializers.get('down_fp16')!.dtype, 'float16')
  t.true((await agreement(graph, '1.14')) >= 0.999)
})

/** Tables in which one choice of scales is clearly right. */
const tables: [string, (row: number, column: number) => number, string[]][] = [
  ['even', () => 1, ['Gather', 'DequantizeLinear']],
  ['columns of different size', (_, column) => 10 ** (column % 4), ['Gather', 'DequantizeLinear']],
  ['rows of different size', (row) => 10 ** (row % 4), ['Gather', 'Cast', 'Gather', 'Mul']],
]
for (const [name, size, expected] of tables) {
  test(`q8 embedding: scales follow the table (${name})`, async (t) => {
    const table = gaussian([40, 24], 1)
    for (let i = 0; i < table.data.length; i++) table.data[i] = Number(table.data[i]) * size(Math.floor(i / 24), i % 24)
    const graph = graphOf({
      nodes: [node('Gather', ['table', 'ids'], ['rows'], { axis: 0 })],
      initializers: new Map([['table', table]]),
      inputs: [{ name: 'ids', dtype: 'int64', dims: ['b', 's'] }],
      outputs: [{ name: 'rows', dtype: 'float32', dims: ['b', 's', 24] }],
    })
    const rows = { ids: ints([2, 3], [0, 39, 5, 6, 7, 8]) }
    const expectedRows = await run(graph, rows)
    for (const version of versions) {
      const quantized = quantizeDynamic(graph)
      t.deepEqual(ops(quantized), expected)
      t.true(cosine((await run(quantized, rows, version)).rows!, expectedRows.rows!) > 0.9999)
    }
    const fallback = quantizeInt4(graph) // 24 columns are no whole number of blocks
    t.deepEqual(ops(fallback), expected)
  })
}

test('a weight read as a table and as a matrix gets a form for each', async (t) => {
  const graph = graphOf({
    nodes: [node('Gather', ['w', 'ids'], ['e']), node('MatMul', ['e', 'w'], ['a']), node('MatMul', ['a', 'w'], ['z'])],
    initializers: new Map([['w', gaussian([32, 32], 1)]]),
    inputs: [{ name: 'ids', dtype: 'int64', dims: ['b'] }],
    outputs: [{ name: 'z', dtype: 'float32', dims: ['b', 32] }],
  })
  const ids = ints([3], [0, 5, 31])
  const expected = await run(graph, { ids })
  for (const [rewrite, least] of [
    [toFloat16, 0.999999],
    [quantizeDynamic, 0.999],
    [quantizeInt4, 0.98],
  ] as const) {
    t.true(cosine((await run(rewrite(graph), { ids })).z!, expected.z!) >= least, rewrite.name)
  }
})

test('what is no weight stays: constants on the left, other axes, matrices of three axes, computed operands', (t) => {
  const graph = graphOf({
    nodes: [
      node('MatMul', ['w', 'x'], ['a']),
      node('MatMul', ['x', 'cube'], ['b']),
      node('Gather', ['w', 'ids'], ['c'], { axis: 1 }),
      node('Gather', ['w', 'fixed'], ['d']),
      node('MatMul', ['a', 'x'], ['e']),
    ],
    initializers: new Map([
      ['w', gaussian([4, 4], 1)],
      ['cube', gaussian([2, 4, 4], 2)],
      ['fixed', ints([1], [0])],
    ]),
    inputs: [
      { name: 'x', dtype: 'float32', dims: [4, 4] },
      { name: 'ids', dtype: 'int64', dims: [2] },
    ],
    outputs: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, dtype: 'float32', dims: [4, 4] })),
  })
  t.deepEqual(quantizableWeights(graph), [])
  t.deepEqual(quantizeDynamic(graph).nodes, graph.nodes)
})

test('an opset without the ops is refused', async (t) => {
  await throwsUserError(t, () => quantizeDynamic({ ...tower(), opsets: { '': 11 } }), { expected: /ONNX opset 13 or later/, got: /opset 11/ })
})

test('weights that are not finite, and impossible block sizes, are refused', async (t) => {
  const graph = tower()
  graph.initializers.get('down')!.data[7] = NaN
  for (const rewrite of [quantizeDynamic, quantizeInt4])
    await throwsUserError(t, () => rewrite(graph), { where: /^weight 'down'/, got: /NaN at element 7/ })
  t.notThrows(() => quantizeDynamic(graph, { keepFp32: ['down'] }))
  for (const blockSize of [8, 48])
    await throwsUserError(t, () => quantizeInt4(tower(), { blockSize }), { where: /^blockSize/, expected: /a power of two/ })
})

test('int8: worked by hand', (t) => {
  const data = Float32Array.of(127, -1, 0, 63.5, 0.5, 0)
  const columns = quantizeInt8(data, 2, 3, 'column')
  t.deepEqual([...columns.scales], [1, Math.fround(1 / 127), 1])
  t.deepEqual([...columns.values], [127, -127, 0, 64, 64, 0])
  t.deepEqual([...quantizeInt8(data, 2, 3, 'tensor').values], [127, -1, 0, 64, 1, 0])
  t.deepEqual([...quantizeInt8(data, 2, 3, 'row').scales], [1, 0.5])
  t.deepEqual([...quantizeInt8(data, 2, 3, 'tensor', 64).values], [64, -1, 0, 32, 0, 0])
  t.is(quantizeInt8(new Float32Array(4), 2, 2, 'row').error, 0)
})

test('int4: whole numbers that fit are kept exactly, padding is zero, nibbles are in order', (t) => {
  const row = [-8, 7, 0, 1, -3, 5]
  const { packed, scales } = quantizeInt4Blocks((_, column) => row[column]!, 1, 6, 4)
  t.is(scales.length, 2)
  t.is(packed.length, 4)
  const unpacked = [...packed].flatMap((byte) => [(byte & 15) - 8, (byte >> 4) - 8])
  unpacked.forEach((q, i) => t.true(Math.abs(q * scales[Math.floor(i / 4)]! - (row[i] ?? 0)) < 0.5))
  t.deepEqual(unpacked.slice(0, 4), row.slice(0, 4))
  t.deepEqual(unpacked.slice(6), [0, 0])
  t.deepEqual(
    quantizeInt4Blocks(() => 0, 1, 2, 2),
    { packed: Uint8Array.of(0x88), scales: Float32Array.of(0) },
  )
})
