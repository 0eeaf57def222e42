import test from 'ava'
import type { Graph } from '../../../engine/onnx/model.ts'
import { extract, foldTransposes, mergeConstants, prune } from '../../../engine/onnx/passes.ts'
import { permute } from '../../../engine/onnx/permute.ts'
import { printGraph } from '../../../engine/onnx/print.ts'
import { floats, gaussian, graphOf, ints, node, run } from './run.ts'

const x = { name: 'x', dtype: 'float32' as const, dims: ['n', 3] }
const out = (name: string, columns = 3): Graph['outputs'][0] => ({ name, dtype: 'float32', dims: ['n', columns] })
const body = (graph: Graph): string[] =>
  printGraph(graph)
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.trim())

/** A pass must not touch its argument, and its result must compute the same numbers. */
async function same(t: import('ava').ExecutionContext, pass: (graph: Graph) => Graph, graph: Graph): Promise<Graph> {
  const before = printGraph(graph)
  const result = pass(graph)
  t.is(printGraph(graph), before)
  const feeds = { x: gaussian([4, 3], 9) }
  t.deepEqual(await run(result, feeds), await run(graph, feeds))
  return result
}

test('prune drops what no output needs, and optional outputs that nothing reads', async (t) => {
  const graph = graphOf({
    nodes: [
      node('LayerNormalization', ['x', 'g'], ['y', 'mean', 'inv'], { axis: -1 }),
      node('LayerNormalization', ['y', 'g'], ['y2', 'mean2', 'inv2'], { axis: -1 }),
      node('Split', ['y2', 'parts'], ['l', 'r'], { axis: 1 }),
      node('Add', ['x', 'unused'], ['dead']),
      node('Neg', ['dead'], ['deader']),
      node('Mul', ['l', 'inv2'], ['z']),
    ],
    inputs: [x],
    outputs: [out('z', 1)],
    initializers: new Map([
      ['unused', floats([3], [1, 2, 3])],
      ['g', floats([3], [1, 2, 3])],
      ['parts', ints([2], [1, 2])],
    ]),
  })
  const result = await same(t, prune, graph)
  t.deepEqual(body(result), [
    'input x: float32[n, 3]',
    'init g: float32[3] = [1, 2, 3]',
    'init parts: int64[2] = [1, 2]',
    '%y = LayerNormalization(x, g) {axis=-1}',
    '%y2, %mean2, %inv2 = LayerNormalization(y, g) {axis=-1}',
    '%l, %r = Split(y2, parts) {axis=1}',
    '%z = Mul(l, inv2)',
    'output z: float32[n, 1]',
  ])
})

test('prune is not misled by optional inputs that are left out', (t) => {
  const graph = graphOf({
    nodes: [
      node('LayerNormalization', ['x', 'g'], ['a', '', 'inv'], { axis: -1 }),
      node('Clip', ['a', '', 'm'], ['z']),
      node('Made', ['x'], ['', 'q']),
    ],
    inputs: [x],
    outputs: [out('z')],
    initializers: new Map([
      ['m', floats([], [1])],
      ['g', floats([3], [1, 1, 1])],
    ]),
  })
  t.deepEqual(
    prune(graph).nodes.map((made) => made.outputs),
    [['a'], ['z']],
  )
})

test('mergeConstants shares initializers of equal content', async (t) => {
  const graph = graphOf({
    nodes: [
      node('Add', ['x', 'a'], ['p']),
      node('Mul', ['p', 'b'], ['q']),
      node('Sub', ['q', 'c'], ['r']),
      node('Add', ['r', 'd'], ['s']),
      node('Reshape', ['s', 'e'], ['z']),
    ],
    inputs: [x],
    outputs: [out('z'), { name: 'b2', dtype: 'float32', dims: [3] }],
    initializers: new Map([
      ['a', floats([3], [1, 2, 0])],
      ['b', floats([3], [1, 2, 0])],
      ['b2', floats([3], [1, 2, 0])], // an output: it must keep its name
      ['c', floats([3], [1, 2, -0])], // −0 is not 0
      ['d', floats([1, 3], [1, 2, 0])], // another shape
      ['e', ints([2], [-1, 3])],
    ]),
  })
  const result = await same(t, mergeConstants, graph)
  t.deepEqual([...result.initializers.keys()], ['a', 'b2', 'c', 'd', 'e'])
  t.deepEqual(result.nodes[1]!.inputs, ['p', 'a'])
  t.true(mergeConstants(graph, (name) => name === 'b').initializers.has('b'))
})

test('foldTransposes turns a transposed weight into a weight', async (t) => {
  const graph = graphOf({
    nodes: [
      node('Transpose', ['w'], ['wt'], { perm: [1, 0] }),
      node('Transpose', ['w'], ['wt2']), // the default permutation is the same one
      node('Transpose', ['v'], ['vt'], { perm: [1, 0] }),
      node('MatMul', ['x', 'wt'], ['a']),
      node('MatMul', ['a', 'vt'], ['b0']),
      node('MatMul', ['b0', 'v'], ['b1']), // v is still read as it was
      node('MatMul', ['x', 'wt2'], ['c']),
      node('Add', ['b1', 'c'], ['z']),
      node('Transpose', ['x'], ['xt']), // not a constant
      node('Transpose', ['u'], ['ut']), // an output
    ],
    inputs: [x],
    outputs: [out('z', 2), { name: 'xt', dtype: 'float32', dims: [3, 'n'] }, { name: 'ut', dtype: 'float32', dims: [3, 2] }],
    initializers: new Map([
      ['w', gaussian([2, 3], 1)],
      ['v', gaussian([2, 2], 2)],
      ['u', gaussian([2, 3], 3)],
    ]),
  })
  const result = await same(t, foldTransposes, graph)
  t.deepEqual([...result.initializers.keys()], ['v', 'u', 'w_T', 'v_T'])
  t.deepEqual(result.initializers.get('w_T')!.dims, [3, 2])
  t.deepEqual(
    result.nodes.map((made) => made.op),
    ['MatMul', 'MatMul', 'MatMul', 'MatMul', 'Add', 'Transpose', 'Transpose'],
  )
})

test('foldTransposes follows chains, and finds free names', async (t) => {
  const graph = graphOf({
    nodes: [
      node('Transpose', ['w'], ['w_T'], { perm: [0, 2, 1] }),
      node('Transpose', ['w_T'], ['w_T021'], { perm: [2, 1, 0] }),
      node('MatMul', ['x', 'w_T021'], ['z']),
    ],
    inputs: [x],
    outputs: [{ name: 'z', dtype: 'float32', dims: [3, 'n', 2] }],
    initializers: new Map([['w', gaussian([2, 3, 3], 1)]]),
  })
  const result = await same(t, foldTransposes, graph)
  t.is(result.nodes.length, 1)
  t.is(result.initializers.size, 1)
})

test('permute agrees with the definition, for every element size', (t) => {
  const dims = [2, 3, 4]
  const perm = [2, 0, 1]
  const at = (i: number, j: number, k: number): number => (i * 3 + j) * 4 + k
  const expected: number[] = []
  for (let k = 0; k < 4; k++) for (let i = 0; i < 2; i++) for (let j = 0; j < 3; j++) expected.push(at(i, j, k))
  const numbers = Array.from({ length: 24 }, (_, i) => i)
  t.deepEqual(permute(floats(dims, numbers), perm), floats([4, 2, 3], expected))
  t.deepEqual(permute(ints(dims, numbers), perm), ints([4, 2, 3], expected))
  t.deepEqual(permute({ dtype: 'int8', dims, data: Int8Array.from(numbers) }, perm).data, Int8Array.from(expected))
  t.deepEqual(permute({ dtype: 'float16', dims, data: Uint16Array.from(numbers) }, perm).data, Uint16Array.from(expected))
  t.deepEqual(permute(floats([], [7]), []), floats([], [7]))
  t.deepEqual(permute(floats([0, 2], []), [1, 0]), floats([2, 0], []))
})

test('extract takes one tower out of a model of two', async (t) => {
  const graph = graphOf({
    nodes: [
      node('MatMul', ['ids', 't'], ['text_embeds']),
      node('MatMul', ['x', 'v'], ['image_embeds']),
      node('MatMul', ['text_embeds', 'image_embeds'], ['logits']),
    ],
    inputs: [{ name: 'ids', dtype: 'float32', dims: ['b', 2] }, x],
    outputs: [out('logits'), out('text_embeds'), out('image_embeds', 2)],
    initializers: new Map([
      ['t', gaussian([2, 3], 1)],
      ['v', gaussian([3, 2], 2)],
    ]),
  })
  const vision = extract(graph, ['image_embeds'])
  t.deepEqual(body(vision), [
    'input x: float32[n, 3]',
    `init v: float32[3, 2] = ${body(vision)[1]!.split(' = ')[1]}`,
    '%image_embeds = MatMul(x, v)',
    'output image_embeds: float32[n, 2]',
  ])
  t.deepEqual((await run(vision, { x: gaussian([4, 3], 9) })).image_embeds!.dims, [4, 2])
  t.deepEqual(
    extract(graph, ['text_embeds']).inputs.map((input) => input.name),
    ['ids'],
  )
  t.throws(() => extract(graph, ['pooler']), { message: /an output named 'pooler', got outputs logits, text_embeds, image_embeds/ })
})
