import test from 'ava'
import { compile } from '../../engine/compile.ts'
import { gradientOf, withGradients } from '../../engine/gradients.ts'
import { tf } from '../../engine/tf.ts'

/** As many tokens of as many texts as in a real batch: onnxruntime shares out only what is large enough. */
const [vocabulary, width, tokens] = [6000, 128, 6144]
const specs = {
  table: { dtype: 'float32' as const, shape: [vocabulary, width] },
  ids: { dtype: 'int32' as const, shape: [tokens] },
  slopes: { dtype: 'float32' as const, shape: [tokens, width] },
}

test('rows that many tokens share get the whole gradient, however many threads there are', async (t) => {
  const ids = Int32Array.from({ length: tokens }, (_, i) => (i % 12 === 0 ? 1 : i % 3 === 0 ? 3 : (i * 7919) % vocabulary))
  const slopes = Float32Array.from({ length: tokens * width }, (_, i) => Math.sin(i))
  const want = new Float64Array(vocabulary * width)
  for (const [i, slope] of slopes.entries()) want[ids[Math.floor(i / width)]! * width + (i % width)]! += slope
  const loss = withGradients(({ table }, { ids, slopes }) => ({ loss: tf.sum(tf.mul(tf.gather(table!, ids! as tf.Tensor1D), slopes!)) }), ['table'])
  for (const threads of [1, 2, 4]) {
    const step = await compile(loss, specs, { threads })
    for (let run = 0; run < 5; run++) {
      const got = (await step.run({ table: new Float32Array(vocabulary * width), ids, slopes }))[gradientOf('table')]!
      t.true(
        got.every((value, i) => Math.abs(value - want[i]!) < 1e-4),
        `${threads} threads, run ${run}`,
      )
    }
    await step.release()
  }
})
