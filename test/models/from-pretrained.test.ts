import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { fixtureNames, writeFixture } from '../../bench/fixtures.ts'
import { type Expected, embedMadeUp } from '../../bench/from-pretrained.ts'
import { readModelFolder } from '../../models/folder.ts'
import { temporaryFolder } from '../temporary-folder.ts'

// Written by `npm run bench -- from-pretrained --write test/models/from-pretrained.json`, with a python that has transformers.
const expected = JSON.parse(await readFile(new URL('./from-pretrained.json', import.meta.url), 'utf8')) as Expected

for (const name of fixtureNames) {
  test(`a folder read here embeds as Python's CLIPModel.from_pretrained does: ${name}`, async (t) => {
    const dir = join(await temporaryFolder(t), name)
    await writeFixture(name, dir)
    const model = await readModelFolder(dir)
    const { image, text } = expected.models[name]!
    const dim = model.config.projection_dim
    t.deepEqual([image.length, text.length], [2 * dim, 3 * dim])
    const got = await embedMadeUp(model)
    for (const [tower, want] of Object.entries({ image, text }))
      want.forEach((value, i) => t.true(Math.abs(got[tower as 'image' | 'text'][i]! - value) < 1e-5, `${tower} ${i}: ${value}`))

    // Not by chance: another weight of the file gives other embeddings.
    model.params['text_model.final_layer_norm.weight']!.data[0]! += 0.5
    const other = await embedMadeUp(model)
    t.true(other.text.some((value, i) => Math.abs(value - text[i]!) > 1e-3))
  })
}
