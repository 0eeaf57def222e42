import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { encodeSafetensors } from '../../engine/safetensors.ts'
import { preset } from '../../models/config.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { poolsAsPython, readModelFolder, writeModelFolder } from '../../models/folder.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

const config = preset('tiny', { vocabSize: 300, imageSize: 16, embedDim: 8, contextLength: 12 })
const model = createDualEncoder(config, 1)
let root = ''
let good = ''

test.before(async () => {
  root = await mkdtemp(join(tmpdir(), 'folder-'))
  good = join(root, 'good')
  await writeTokenizer(join(root, 'tokenizer'), trainTokenizer(['a red apple', '红色的苹果'], { vocabSize: 290 }))
  await writeModelFolder(good, model, join(root, 'tokenizer'))
})
test.after.always(() => rm(root, { recursive: true }))

/** A copy of the good folder, to be broken. */
async function copy(): Promise<string> {
  const dir = await mkdtemp(join(root, 'broken-'))
  await cp(good, dir, { recursive: true })
  return dir
}

async function edit(dir: string, file: string, change: (json: Record<string, Record<string, unknown>>) => void): Promise<void> {
  const json = JSON.parse(await readFile(join(dir, file), 'utf8'))
  change(json)
  await writeFile(join(dir, file), JSON.stringify(json))
}

test('round trip', async (t) => {
  const read = await readModelFolder(good)
  t.deepEqual(read.config, config)
  t.deepEqual(read.params, model.params)
  t.deepEqual(read.tokenizer.encode('a red apple').slice(0, 1), [1])
  t.deepEqual((await readdir(good)).sort(), [
    'SHA256SUMS',
    'config.json',
    'model.safetensors',
    'preprocessor_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ])
})

test('a tokenizer of another make says where this model cuts and fills up once it is written', async (t) => {
  const own = join(root, 'open-ended')
  await cp(join(root, 'tokenizer'), own, { recursive: true })
  const file = join(own, 'tokenizer_config.json')
  const { model_max_length, ...rest } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  t.is(typeof model_max_length, 'number')
  await writeFile(file, JSON.stringify({ ...rest, padding_side: 'left' }))
  const dir = join(root, 'written')
  await writeModelFolder(dir, { config: { ...config, text_config: { ...config.text_config } }, params: model.params }, own)
  t.like(JSON.parse(await readFile(join(dir, 'tokenizer_config.json'), 'utf8')), { ...rest, model_max_length: 77, padding_side: 'right' })
})

test("what Python leaves out of a file is as in OpenAI's ViT-B/32", async (t) => {
  const dir = await copy()
  await edit(dir, 'config.json', (json) => {
    for (const tower of ['vision_config', 'text_config']) delete json[tower]!.num_attention_heads
  })
  await edit(dir, 'config.json', (json) => (json.vision_config!.num_attention_heads = 2))
  t.is((await readModelFolder(dir)).config.text_config.num_attention_heads, 8)
  await edit(dir, 'config.json', (json) => delete json.text_config!.hidden_size)
  await throwsUserError(t, () => readModelFolder(dir), { expected: /\[\d+,512\] as config\.json says/ })
})

test('config.json is a CLIPConfig whose end token does not select the old pooling', async (t) => {
  const json = JSON.parse(await readFile(join(good, 'config.json'), 'utf8'))
  t.is(json.model_type, 'clip')
  const { pad_token_id, bos_token_id, eos_token_id, hidden_act, projection_dim } = json.text_config
  t.deepEqual(
    { pad_token_id, bos_token_id, eos_token_id, hidden_act, projection_dim },
    { pad_token_id: 0, bos_token_id: 1, eos_token_id: 3, hidden_act: 'quick_gelu', projection_dim: 8 },
  )
})

test("the ids in config.json are the tokenizer's own, and an end token of 2 is none that Python pools at", async (t) => {
  const own = await loadTokenizer(join(root, 'tokenizer'))
  t.true(poolsAsPython(own))
  const [tokenizer, dir] = [join(root, 'swapped'), join(root, 'as-xlm-r')]
  await cp(join(root, 'tokenizer'), tokenizer, { recursive: true })
  await edit(tokenizer, 'tokenizer.json', (json) => {
    const { model, post_processor, added_tokens } = json as never as {
      model: { vocab: Record<string, number> }
      post_processor: { special_tokens: Record<string, { ids: number[] }> }
      added_tokens: { content: string; id: number }[]
    }
    for (const [token, id] of [
      ['</s>', 2],
      ['<unk>', 3],
    ] as const) {
      model.vocab[token] = id
      added_tokens.find(({ content }) => content === token)!.id = id
    }
    post_processor.special_tokens['</s>']!.ids = [2]
  })
  await writeModelFolder(dir, model, tokenizer)
  t.like(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')).text_config, { pad_token_id: 0, bos_token_id: 1, eos_token_id: 2 })
  const swapped = await loadTokenizer(dir)
  t.is(swapped.encode('a red apple').at(-1), 2)
  t.false(poolsAsPython(swapped))
})

test('adapters stay out of the folder', async (t) => {
  const dir = join(root, 'adapted')
  const params = { ...model.params, 'adapter.image.weight': { shape: [4, 8], data: new Float32Array(32) } }
  await writeModelFolder(dir, { config, params }, join(root, 'tokenizer'))
  t.deepEqual(Object.keys((await readModelFolder(dir)).params), Object.keys(model.params))
})

const projection = 'text_projection.weight'
const { [projection]: _, ...without } = model.params
const broken: Record<string, [(dir: string) => Promise<unknown>, Expected]> = {
  'a missing folder': [(dir) => rm(dir, { recursive: true }), { where: /config\.json/, got: /no such file/ }],
  'missing weights': [(dir) => rm(join(dir, 'model.safetensors')), { where: /model\.safetensors/, got: /no such file/ }],
  'weights cut short': [
    (dir) => truncate(join(dir, 'model.safetensors'), 100_000),
    { where: /model\.safetensors/, expected: /^tensor /, hint: /half copied/ },
  ],
  'a missing tensor': [
    (dir) => writeFile(join(dir, 'model.safetensors'), encodeSafetensors(without)),
    { where: /text_projection\.weight/, expected: /\[8,128\] as config\.json says/, got: /no such tensor/ },
  ],
  'a tensor of another shape': [
    (dir) =>
      writeFile(
        join(dir, 'model.safetensors'),
        encodeSafetensors({ ...model.params, [projection]: { shape: [4, 128], data: new Float32Array(512) } }),
      ),
    { where: /text_projection\.weight/, expected: /\[8,128\] as config\.json says/, got: '[4,128]' },
  ],
  'a config that is no JSON': [(dir) => writeFile(join(dir, 'config.json'), '{'), { where: /config\.json/, expected: /JSON/ }],
  'a config of another model': [
    (dir) => writeFile(join(dir, 'config.json'), '{"model_type":"bert"}'),
    { where: /config\.json: model_type/, expected: /CLIPConfig's fields/ },
  ],
  'another activation': [
    (dir) => edit(dir, 'config.json', (json) => (json.text_config!.hidden_act = 'gelu')),
    { where: /config\.json: text_config\.hidden_act/, got: /quick_gelu/ },
  ],
  'another epsilon': [
    (dir) => edit(dir, 'config.json', (json) => (json.vision_config!.layer_norm_eps = 1e-6)),
    { where: /vision_config\.layer_norm_eps/ },
  ],
  'heads that do not divide the width': [
    (dir) => edit(dir, 'config.json', (json) => (json.text_config!.num_attention_heads = 3)),
    { where: /text_config/, got: /hidden_size is no multiple of num_attention_heads/ },
  ],
  'patches that do not fit the image': [
    (dir) => edit(dir, 'config.json', (json) => (json.vision_config!.patch_size = 7)),
    { got: /image_size is no multiple of patch_size/ },
  ],
  'a width of zero': [(dir) => edit(dir, 'config.json', (json) => (json.vision_config!.hidden_size = 0)), { where: /vision_config\.hidden_size/ }],
  'a missing tokenizer': [(dir) => rm(join(dir, 'tokenizer.json')), { where: /tokenizer\.json/, got: /no such file/ }],
}
for (const [name, [damage, expected]] of Object.entries(broken)) {
  test(`${name}: one clear error`, async (t) => {
    const dir = await copy()
    await damage(dir)
    const error = await throwsUserError(t, () => readModelFolder(dir), expected)
    t.is(error.exitCode, 2)
    t.true(error.fields.where.startsWith(dir), error.fields.where)
  })
}

test('a tokenizer with more ids than the model has: one clear error', async (t) => {
  const dir = await copy()
  await writeTokenizer(
    dir,
    trainTokenizer(
      Array.from({ length: 90 }, (_, i) => `word${i * 37} `.repeat(3)),
      { vocabSize: 360 },
    ),
  )
  await throwsUserError(t, () => readModelFolder(dir), { where: /tokenizer\.json/, expected: /at most 300 ids/, got: '360' })
})
