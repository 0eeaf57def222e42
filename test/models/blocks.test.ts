import test from 'ava'
import { compile } from '../../engine/compile.ts'
import { gradientOf, withGradients } from '../../engine/gradients.ts'
import { tf } from '../../engine/tf.ts'
import { blockSize, inBlocks } from '../../models/blocks.ts'
import { preset } from '../../models/config.ts'

const rows = 7
const sizes: number[] = []
const specs = {
  w: { dtype: 'float32' as const, shape: [3, 4] },
  x: { dtype: 'float32' as const, shape: [rows, 3] },
  pick: { dtype: 'int32' as const, shape: [rows, 1] },
}
const feeds = {
  w: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  x: Float32Array.from({ length: 3 * rows }, (_, i) => Math.cos(i)),
  pick: Int32Array.from({ length: rows }, (_, i) => i % 3),
}

/** Σ over rows of a nonlinear function of x·w and of the row's own pick: whatever is lost or swapped between blocks shows. */
function program(size: number) {
  const encode = (x: tf.Tensor, pick: tf.Tensor) => {
    sizes.push(x.shape[0]!)
    const y = tf.tanh(tf.add(tf.matMul(x, w!), tf.cast(pick, 'float32'))) // [block, 4]
    return { y, sums: tf.sum(y, 1) }
  }
  let w: tf.Tensor | undefined
  return withGradients(
    (params, inputs) => {
      w = params.w
      const { y, sums } = inBlocks(size, (...[x, pick]) => encode(x!, pick!), inputs.x!, inputs.pick!)
      return { loss: tf.sum(tf.mul(y, tf.square(y))), rows: sums }
    },
    ['w'],
  )
}

test('blocks of a batch give what the whole batch gives, forward and back', async (t) => {
  const run = async (size: number) => {
    const step = await compile(program(size), specs, { threads: 1 })
    const results = await step.run(feeds)
    await step.release()
    return results
  }
  const whole = await run(rows)
  t.deepEqual(sizes.splice(0), [7])
  for (const [size, blocks] of [
    [3, [2, 2, 3]],
    [1, [1, 1, 1, 1, 1, 1, 1]],
  ] as const) {
    const parts = await run(size)
    t.deepEqual(sizes.splice(0), [...blocks])
    for (const name of ['rows', 'loss', gradientOf('w')])
      for (const [i, value] of whole[name]!.entries()) t.true(Math.abs(parts[name]![i]! - value) < 1e-5, `${name}[${i}] in blocks of ${size}`)
  }
})

test('block sizes follow the widest activation', (t) => {
  const { vision_config: base } = preset('base', { vocabSize: 100 })
  t.is(blockSize(base, 65), 17) // 17 · 65 · 1024 · 4 bytes ≤ 4.5 MB < 18 · …
  t.is(blockSize(base, 33), 34)
  t.is(blockSize(base, 1_000_000), 1)
})
