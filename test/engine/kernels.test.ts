import test from 'ava'
import { compile } from '../../engine/compile.ts'
import { layerNorm } from '../../engine/fused.ts'
import { encodeModel } from '../../engine/onnx/proto.ts'
import { openSession } from '../../engine/runtime.ts'
import { tf } from '../../engine/tf.ts'
import { type KernelName, kernels } from '../../engine/trace/kernels/table.ts'
import { type InputSpecs, type TensorFunction, trace } from '../../engine/trace/trace.ts'
import { type KernelCase, kernelCases, type Operand } from './kernel-cases.ts'
import { agree, close, type Feeds, feedsFor, threads } from './oracle.ts'

/** All cases of one kernel as one tensor function: one session a kernel instead of one a case. */
function program(name: KernelName): { fn: TensorFunction; specs: InputSpecs; feeds: Feeds } {
  const specs: InputSpecs = {}
  const cases = kernelCases[name]
  cases.forEach(({ inputs }, i) => {
    for (const [key, operand] of Object.entries<Operand>(inputs as Record<string, Operand>)) {
      if (!('splat' in operand))
        specs[`${i}:${key}`] = { dtype: operand.kind === 'ids' || operand.kind === 'mask' ? 'int32' : 'float32', shape: operand.shape }
    }
  })
  const fn: TensorFunction = (tensors) => Object.fromEntries(cases.flatMap((one, i) => outputsOf(name, one, i, tensors)))
  return { fn, specs, feeds: feedsFor(specs, 7) }
}

function outputsOf(name: KernelName, { inputs, attrs = {} }: KernelCase, i: number, tensors: Record<string, tf.Tensor>): [string, tf.Tensor][] {
  const made = Object.entries(inputs as Record<string, Operand>).map(([key, operand]) => [key, tensorOf(operand, tensors[`${i}:${key}`])] as const)
  const given = Array.isArray(inputs) ? made.map(([, tensor]) => tensor) : Object.fromEntries(made)
  const result = tf.engine().runKernel(name, given as tf.NamedTensorMap, attrs as never) as tf.Tensor | tf.Tensor[]
  return [result].flat().map((tensor, j) => [`case ${i} ${JSON.stringify({ inputs, attrs })} output ${j}`, tensor])
}

function tensorOf(operand: Operand, input: tf.Tensor | undefined): tf.Tensor {
  if ('splat' in operand)
    return tf.fill(operand.shape, operand.splat, operand.dtype === 'int32' ? 'int32' : 'float32').cast(operand.dtype ?? 'float32')
  if (operand.kind === 'positive') return tf.add(tf.abs(input!), 0.25)
  return operand.kind === 'mask' ? tf.greater(input!, 1) : input!
}

test.before(async () => {
  await tf.setBackend('cpu')
  layerNorm(tf.ones([1, 2]), tf.ones([2]), tf.ones([2])) // registers the eager versions of our own kernels
})

for (const name of Object.keys(kernels) as KernelName[]) {
  test(`${name}: compiled as eager`, async (t) => {
    t.true(kernelCases[name]?.length > 0, 'every lowering has a case')
    const { fn, specs, feeds } = program(name)
    if (Object.keys(specs).length === 0) specs.unused = { dtype: 'float32', shape: [1] }
    await agree(t, fn, specs, { unused: new Float32Array(1), ...feeds })
  })
}

test('cases name no kernel that the table lacks', (t) => {
  t.deepEqual(Object.keys(kernelCases).sort(), Object.keys(kernels).sort())
})

test('shapes that the tracer works out are those of eager tfjs', async (t) => {
  const graphs = Object.keys(kernels).map((name) => {
    const { fn, specs } = program(name as KernelName)
    const shapes: Record<string, number[]> = {}
    trace((inputs) => {
      const outputs = fn(inputs)
      for (const [key, tensor] of Object.entries(outputs)) shapes[`${name} ${key}`] = tensor.shape
      return outputs
    }, specs)
    return shapes
  })
  const traced: Record<string, number[]> = Object.assign({}, ...graphs)
  await tf.setBackend('cpu')
  for (const name of Object.keys(kernels)) {
    const { fn, specs, feeds } = program(name as KernelName)
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(specs).map(([key, { dtype, shape }]) => [key, tf.tensor(feeds[key] as Float32Array, shape, dtype)]),
      )
      for (const [key, tensor] of Object.entries(fn(tensors))) t.deepEqual(traced[`${name} ${key}`], tensor.shape, `${name} ${key}`)
    })
  }
})

test('BatchMatMul: the standard ops of exported files as the faster one of a step', async (t) => {
  const { fn, specs, feeds } = program('BatchMatMul')
  const graph = trace(fn, specs, { cpuOnly: false })
  t.deepEqual(Object.keys(graph.opsets), [''])
  const session = await openSession(encodeModel(graph), { threads })
  const got = await session.run(Object.fromEntries(Object.entries(feeds).map(([key, data]) => [key, { data, dims: specs[key]!.shape }])))
  await session.release()
  const step = await compile(fn, specs, { threads })
  for (const [key, want] of Object.entries(await step.run(feeds))) close(t, got[key]!.data as Float32Array, want, 1e-5, key)
  await step.release()
})
