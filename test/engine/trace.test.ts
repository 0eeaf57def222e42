import test from 'ava'
import { compile } from '../../engine/compile.ts'
import { layerNorm, linear, quickGelu } from '../../engine/fused.ts'
import { withGradients } from '../../engine/gradients.ts'
import { prune } from '../../engine/onnx/passes.ts'
import { printGraph } from '../../engine/onnx/print.ts'
import { tf } from '../../engine/tf.ts'
import { type InputSpecs, type TensorFunction, trace } from '../../engine/trace/trace.ts'

const float = (...shape: number[]) => ({ dtype: 'float32' as const, shape })
const vector: InputSpecs = { x: float(2) }

test('golden: a small forward graph', (t) => {
  const fn: TensorFunction = ({ x, w, b, gamma, beta }) => {
    const hidden = quickGelu(linear(layerNorm(x!, gamma!, beta!), w!, b!))
    return { y: tf.softmax(tf.mul(tf.add(hidden, tf.zeros([2, 4])), 0.5)) }
  }
  const graph = trace(fn, { x: float(2, 3), w: float(4, 3), b: float(4), gamma: float(3), beta: float(3) }, { name: 'forward' })
  t.is(
    printGraph(prune(graph)),
    `graph forward (ir 8, ai.onnx 17, com.microsoft 1)
  input x: float32[2, 3]
  input w: float32[4, 3]
  input b: float32[4]
  input gamma: float32[3]
  input beta: float32[3]
  init c0: float32[] = 1.702
  init c1: float32[] = 0.5
  %t0 = LayerNormalization(x, gamma, beta) {axis=-1, epsilon=0.00001f}
  %t3 = com.microsoft:FusedMatMul(t0, w) {transA=0, transB=1, alpha=1f}
  %t4 = Add(t3, b)
  %t5 = Mul(t4, c0)
  %t6 = Sigmoid(t5)
  %t7 = Mul(t4, t6)
  %t8 = Mul(t7, c1)
  %t9 = Softmax(t8) {axis=1}
  %y = Identity(t9)
  output y: float32[2, 4]
`,
  )
})

test('golden: a small graph with its gradient', (t) => {
  const fn = withGradients(({ w }, { x, target }) => ({ loss: tf.mean(tf.squaredDifference(linear(x!, w!), target!)) }), ['w'])
  const graph = trace(fn, { w: float(2, 3), x: float(4, 3), target: float(4, 2) })
  t.is(
    printGraph(prune(graph)),
    `graph step (ir 8, ai.onnx 17, com.microsoft 1)
  input w: float32[2, 3]
  input x: float32[4, 3]
  input target: float32[4, 2]
  init c0: float32[] = 2
  init c1: float32[] = 0.125
  %t0 = com.microsoft:FusedMatMul(x, w) {transA=0, transB=1, alpha=1f}
  %t1 = Sub(t0, target)
  %t2 = Mul(t1, t1)
  %t3 = ReduceMean(t2) {axes=[0, 1], keepdims=0}
  %t4 = Sub(t0, target)
  %t5 = Mul(c0, t4)
  %t6 = Mul(c1, t5)
  %t8 = com.microsoft:FusedMatMul(t6, x) {transA=1, transB=0, alpha=1f}
  %loss = Identity(t3)
  %gradient:w = Identity(t8)
  output loss: float32[]
  output gradient:w: float32[2, 3]
`,
  )
})

const reads: Record<string, (x: tf.Tensor) => unknown> = {
  dataSync: (x) => x.dataSync(),
  arraySync: (x) => tf.square(x).arraySync(),
  bufferSync: (x) => x.bufferSync(),
}
for (const [name, read] of Object.entries(reads)) {
  test(`reading a traced tensor (${name}) is an error that says so`, (t) => {
    const fn: TensorFunction = ({ x }) => {
      read(x!)
      return { y: x! }
    }
    t.throws(() => trace(fn, vector), { message: /a traced value has no numbers yet; do not read tensors/ })
  })
}

test('a tensor from outside is an error that says so', async (t) => {
  await tf.setBackend('cpu')
  const outside = tf.tensor1d([1, 2])
  t.throws(() => trace(({ x }) => ({ y: tf.add(x!, outside) }), vector), {
    message: /made outside trace\(\).*pass it as an input or create it inside/,
  })
  t.throws(() => trace(() => ({ y: outside }), vector), { message: /made outside trace\(\)/ })
})

test('a tensor from an earlier trace is an error, not a name that means something else now', (t) => {
  let smuggled: tf.Tensor | undefined
  trace(({ x }) => {
    smuggled = tf.keep(tf.square(x!))
    return { y: smuggled }
  }, vector)
  t.throws(() => trace(({ x }) => ({ y: tf.add(x!, smuggled!) }), vector), { message: /made outside trace\(\)/ })
})

test('a kernel without a lowering is named, and the way out', (t) => {
  const message =
    'trace: expected tfjs kernels that have a lowering to ONNX, got Sin. Write the step with other ops, or add Sin to engine/trace/kernels/.'
  t.throws(() => trace(({ x }) => ({ y: tf.sin(x!) }), vector), { message })
})

test('gather with batch dimensions says that it has no lowering', (t) => {
  const fn: TensorFunction = ({ x, ids }) => ({ y: tf.gather(x!, tf.cast(ids!, 'int32'), 1, 1) })
  t.throws(() => trace(fn, { x: float(2, 3), ids: { dtype: 'int32', shape: [2, 1] } }), { message: /gather with batchDims has no lowering/ })
})

test('an error inside the step leaves the tracer and the backend as they were', async (t) => {
  await tf.setBackend('cpu')
  const fail: TensorFunction = () => {
    throw new Error('mine')
  }
  t.throws(() => trace(fail, vector), { message: 'mine' })
  t.is(tf.getBackend(), 'cpu')
  t.deepEqual(Array.from(tf.square(tf.tensor1d([3])).dataSync()), [9])
  t.notThrows(() => trace(({ x }) => ({ y: tf.square(x!) }), vector))
})

test('a missing input of a compiled step is named', async (t) => {
  const step = await compile(({ x, z }) => ({ y: tf.add(x!, z!) }), { ...vector, z: float(2) }, { threads: 1 })
  await t.throwsAsync(step.run({ x: new Float32Array(2) }), { message: /input 'z' is missing \(got x\)/ })
  await step.release()
})

test('inputs that nothing uses need not be in the graph, and a constant may be an output', async (t) => {
  const step = await compile(({ x }) => ({ y: tf.square(x!), one: tf.ones([2]) }), { ...vector, unused: float(3) }, { threads: 1 })
  t.deepEqual(await step.run({ x: Float32Array.of(2, 3), unused: new Float32Array(3) }), { y: Float32Array.of(4, 9), one: Float32Array.of(1, 1) })
  await step.release()
})

const marks = { batch: 1_000_003, length: 500_009 }

test('dynamic dimensions show their names', (t) => {
  const graph = trace(({ x }) => ({ y: tf.reshape(tf.square(x!), [marks.batch, -1]) }), { x: float(marks.batch, marks.length, 3) }, { marks })
  t.deepEqual(graph.inputs[0]!.dims, ['batch', 'length', 3])
  t.deepEqual(graph.outputs[0]!.dims, ['batch', 'dynamic'])
})

test('what cannot be dynamic says so', (t) => {
  t.throws(() => trace(({ x }) => ({ y: tf.matMul(tf.ones([2, marks.batch]), x!) }), { x: float(marks.batch, 3) }, { marks }), {
    message: /depends on a dynamic dimension/,
  })
  const swap: TensorFunction = ({ x }) => ({ y: tf.reshape(x!, [marks.length, marks.batch, 3]) })
  t.throws(() => trace(swap, { x: float(marks.batch, marks.length, 3) }, { marks }), { message: /moves two dynamic dimensions/ })
})
