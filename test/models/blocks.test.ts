import test from 'ava'
import { compile } from '../../engine/compile.ts'
import { gradientOf, withGradients } from '../../engine/gradients.ts'
import { tf } from '../../engine/tf.ts'
import { blockSize, evenBlocks, inBlocks, sortedBlocks } from '../../models/blocks.ts'
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
      const { y, sums } = inBlocks(evenBlocks(rows, size), (...[x, pick]) => encode(x!, pick!), inputs.x!, inputs.pick!)
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

test('sorted texts: blocks with the least padding, none dearer than what it saves', (t) => {
  const { text_config: tiny } = preset('tiny', { vocabSize: 100 })
  const blocks = (atLeast: number[]) => sortedBlocks(tiny, [Number.NaN, ...atLeast]).map(({ rows, tokens }) => [rows, tokens])
  t.deepEqual(blocks([300, 300, 300]), [[300, 3]], 'all of one length')
  t.deepEqual(blocks([300, 0, 0]), [[300, 1]], 'no batch has longer ones')
  t.deepEqual(blocks([300, 300, 100, 100, 100]), [
    [100, 5],
    [200, 2],
  ]) // a cut saves 200 · 3 tokens
  t.deepEqual(blocks([300, 300, 250, 250, 250]), [[300, 5]]) // 50 · 3 only: less than a block costs
  t.deepEqual(blocks([512, 512, 512, 494, 370, 278, 199, 118, 65, 40, 20, 14]), [
    [65, 12],
    [134, 8],
    [171, 6],
    [142, 4],
  ]) // the emoji corpus
})

test('a block of sorted texts that is too long for the caches is several', (t) => {
  const { text_config: tiny } = preset('tiny', { vocabSize: 100 }) // 2304 tokens of 512 numbers
  const lengths = sortedBlocks(tiny, [0, 5000, 5000, 100, 100, 100])
  t.deepEqual(lengths.map(({ rows, tokens }) => `${rows} of ${tokens}`).sort(), ['100 of 5', '980 of 2', ...Array(4).fill('980 of 2')].sort())
})

test('rows of a block are cut to its tokens', (t) => {
  const seen: number[][] = []
  const { y } = inBlocks(
    [
      { rows: 1, tokens: 3 },
      { rows: 2, tokens: 2 },
    ],
    (x) => {
      seen.push([...x!.dataSync()])
      return { y: tf.sum(x!, 1) }
    },
    tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]),
  )
  t.deepEqual(seen, [
    [1, 2, 3],
    [4, 5, 7, 8],
  ])
  t.deepEqual([...y.dataSync()], [6, 9, 15])
})
