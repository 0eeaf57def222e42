import { join } from 'node:path'
import test from 'ava'
import { random } from '../../base/random.ts'
import { exportFolder } from '../../export/package.ts'
import { embedCached, embedPixels, embedTexts } from '../../models/embed.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { smallModel } from '../export/small-model.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('what a quantized model makes of an item does not depend on the others', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const out = join(await temporaryFolder(t), 'out')
  await exportFolder(model, { tokenizerDir, out, dtypes: ['fp32', 'q8'], threads: 1 })
  const texts = ['red', 'two red apples on a plate', '苹果', 'a']
  const size = 32
  const next = random(5)
  const pictures = texts.map((_, i) => Uint8Array.from({ length: 4 * size * size }, (_, at) => (at % 4 === 3 ? 255 : 80 * (i + 1) * next())))
  const cache = { count: pictures.length, size, read: (i: number) => pictures[i]! }
  const pixels = Float32Array.from({ length: 4 * 3 * size * size }, (_, i) => (1 + Math.floor(i / (3 * size * size))) * (next() - 0.5))
  for (const dtype of ['fp32', 'q8'] as const) {
    const encoder = await openOnnxFolder(out, { dtype, threads: 1 })
    t.teardown(() => encoder.release())
    t.is(encoder.oneByOne, dtype === 'q8')
    const stride = pixels.length / 4
    const all = [await embedTexts(encoder, texts), await embedPixels(encoder, pixels, 4), await embedCached(encoder, cache)]
    const alone = [
      await Promise.all(texts.map((text) => encoder.encodeTexts([text]))),
      await Promise.all(texts.map((_, i) => encoder.encodeImages(pixels.slice(i * stride, (i + 1) * stride), 1))),
      await Promise.all(pictures.map((picture) => embedCached(encoder, { count: 1, size, read: () => picture }))),
    ].map((rows) => Float32Array.from(rows.flatMap((row) => [...row])))
    for (const [i, rows] of all.entries()) {
      const worst = Math.max(...rows.map((value, at) => Math.abs(value - alone[i]![at]!)))
      if (dtype === 'q8') t.deepEqual(rows, alone[i])
      else t.true(worst < 1e-6, `${worst}`)
    }
    if (dtype === 'q8') t.notDeepEqual(await encoder.encodeTexts(texts), all[0], 'or this test would say nothing')
  }
})
