import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { nodeArguments } from '../../base/own-modules.ts'
import { paramInputs } from '../../engine/params.ts'
import { modelEncoder } from '../../models/encoder.ts'
import { normalize } from '../../models/layers.ts'
import { textTower } from '../../models/text.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import { close, eager, gaussian, threads } from '../engine/oracle.ts'
import { tinyConfig, tinyModel } from './tiny.ts'

/** Ids are letters of the alphabet: 'abc' → 1 2 3. */
const letters = {
  encode: (text: string) => Array.from(text, (letter) => letter.charCodeAt(0) - 96),
  encodeBatch(texts: readonly string[], limit: number, padding?: 'limit' | 'longest') {
    const length = padding === 'longest' ? Math.min(limit, Math.max(...texts.map((text) => text.length))) : limit
    const inputIds = new Int32Array(texts.length * length)
    const attentionMask = new Int32Array(texts.length * length)
    texts.forEach((text, row) => {
      const ids = letters.encode(text).slice(0, length)
      inputIds.set(ids, row * length)
      attentionMask.fill(1, row * length, row * length + ids.length)
    })
    return { inputIds, attentionMask, length }
  },
} as Tokenizer

test('encodes images and texts to unit rows, alone as in a batch', async (t) => {
  const encoder = await modelEncoder('tiny', tinyModel(), letters, { threads })
  t.deepEqual([encoder.id, encoder.embedDim, encoder.imageSize], ['tiny', 6, 12])
  const pixels = gaussian(2 * 3 * 144, 1)
  const images = await encoder.encodeImages(pixels, 2)
  const texts = await encoder.encodeTexts(['abc', 'fedcba', 'abcdefghij'.repeat(3)]) // the last is cut to the context
  for (const rows of [images, texts]) {
    for (let row = 0; row < rows.length / 6; row++) close(t, [Math.hypot(...rows.subarray(6 * row, 6 * row + 6))], [1], 1e-6, 'length')
  }
  close(t, await encoder.encodeImages(pixels.slice(3 * 144), 1), images.subarray(6), 1e-6, 'the second image alone')
  close(t, await encoder.encodeTexts(['abc']), texts.subarray(0, 6), 1e-6, 'the first text alone')
  await encoder.release()
})

test('follows the parameters as they learn', async (t) => {
  const model = tinyModel()
  const encoder = await modelEncoder('tiny', model, letters, { threads })
  const before = await encoder.encodeTexts(['abc'])
  const weight = model.params['text_projection.weight']!.data
  weight.forEach((value, i) => (weight[i] = -value))
  close(
    t,
    await encoder.encodeTexts(['abc']),
    before.map((value) => -value),
    1e-6,
    'mirrored',
  )
  model.params.logit_scale!.data[0] = Math.log(20)
  close(t, [encoder.logitScale], [20], 1e-5, 'logit scale')
  model.params.logit_scale!.data[0] = 99
  t.true(Math.abs(encoder.logitScale - 100) < 1e-9)
  await encoder.release()
})

test('a batch of texts of one length needs no padding', async (t) => {
  const model = tinyModel()
  const encoder = await modelEncoder('tiny', model, letters, { threads })
  const shape = { dtype: 'int32' as const, shape: [1, 3] }
  const weights = Object.fromEntries(Object.entries(model.params).map(([name, { data }]) => [name, data]))
  const want = await eager(
    (inputs) => ({ y: normalize(textTower(inputs, tinyConfig, inputs.ids!, inputs.mask!).embedding) }),
    { ...paramInputs(model.params), ids: shape, mask: shape },
    { ...weights, ids: Int32Array.of(1, 2, 3), mask: Int32Array.of(1, 1, 1) },
  )
  close(t, await encoder.encodeTexts(['abc']), want.y!, 1e-5, 'embedding')
  await encoder.release()
})

const leaks = `
  import { readdirSync } from 'node:fs'
  import { modelEncoder } from './models/encoder.ts'
  import { tinyConfig, tinyModel } from './test/models/tiny.ts'
  const model = tinyModel()
  const open = (config) => modelEncoder('tiny', { ...model, config }, undefined, { threads: 4 })
  const threads = () => readdirSync('/proc/self/task').length
  await (await open(tinyConfig)).release() // what onnxruntime starts once
  const before = threads()
  const broken = { ...tinyConfig, text_config: { ...tinyConfig.text_config, num_attention_heads: 5 } }
  let failures = 0
  for (let i = 0; i < 3; i++) await open(broken).catch(() => failures++)
  console.log(JSON.stringify({ failures, more: threads() - before }))
`

const onLinux = process.platform === 'linux' ? test : test.skip // which lists a process's threads
onLinux('a text tower that cannot be opened leaves no session of the image tower behind', (t) => {
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  const output = execFileSync(process.execPath, [...nodeArguments(), '--input-type=module', '-e', leaks], { cwd, encoding: 'utf8' })
  // A session has threads of its own: 3 beside the caller.
  t.deepEqual(JSON.parse(output), { failures: 3, more: 0 })
})
