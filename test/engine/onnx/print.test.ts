import test from 'ava'
import { printGraph } from '../../../engine/onnx/print.ts'
import { floats, gaussian, graphOf, ints, node } from './run.ts'

test('a graph prints as text', (t) => {
  const graph = graphOf({
    name: 'tower',
    nodes: [
      node('MatMul', ['x', 'w'], ['y']),
      node('LayerNormalization', ['y', 'g', ''], ['n', '', 'inv'], { axis: -1, epsilon: { float: Math.fround(1e-5) } }),
      node(
        'Made',
        ['n'],
        ['z'],
        { perm: [1, 0], mode: 'tanh', steps: { floats: [0.5, 1] }, value: ints([1], [-1]), big: gaussian([3, 3], 1) },
        'com.microsoft',
      ),
    ],
    inputs: [{ name: 'x', dtype: 'float32', dims: ['batch', '', 3] }],
    outputs: [{ name: 'z', dtype: 'int64', dims: [] }],
    initializers: new Map([
      ['w', gaussian([3, 3], 1)],
      ['g', floats([3], [1, Math.fround(0.1), -0])],
      ['half', { dtype: 'float16', dims: [], data: Uint16Array.of(0x3800) }],
      ['ids', ints([2], [3, -1])],
      ['none', floats([0], [])],
    ]),
    opsets: { '': 17, 'com.microsoft': 1 },
  })
  const lines = [
    'graph tower (ir 8, ai.onnx 17, com.microsoft 1)',
    '  input x: float32[batch, ?, 3]',
    '  init w: float32[3, 3]',
    '  init g: float32[3] = [1, 0.1, -0]',
    '  init half: float16[] = 0.5',
    '  init ids: int64[2] = [3, -1]',
    '  init none: float32[0] = []',
    '  %y = MatMul(x, w)',
    '  %n, _, %inv = LayerNormalization(y, g, _) {axis=-1, epsilon=0.00001f}',
    '  %z = com.microsoft:Made(n) {perm=[1, 0], mode="tanh", steps=[0.5f, 1f], value=int64[1] = [-1], big=float32[3, 3]}',
    '  output z: int64[]',
  ]
  t.is(printGraph(graph), `${lines.join('\n')}\n`)
})
