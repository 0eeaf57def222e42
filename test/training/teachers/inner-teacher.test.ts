import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { prune } from '../../../engine/onnx/passes.ts'
import { decodeModel, encodeModel } from '../../../engine/onnx/proto.ts'
import { paramInputs } from '../../../engine/params.ts'
import { type InputSpecs, type TensorFunction, trace } from '../../../engine/trace/trace.ts'
import { onnxFile } from '../../../export/dtypes.ts'
import { exportGraphs } from '../../../export/onnx.ts'
import { parseOutputs } from '../../../export/outputs.ts'
import { exportFolder } from '../../../export/package.ts'
import { findModel } from '../../../models/find-model.ts'
import { readModelFolder, writeModelFolder } from '../../../models/folder.ts'
import { openOnnxFolder } from '../../../models/onnx/open-folder.ts'
import { textTower } from '../../../models/text.ts'
import { bindParams } from '../../../models/towers.ts'
import { imageTower } from '../../../models/vision.ts'
import type { InnerShapes } from '../../../training/objectives/inner-layers.ts'
import { openInnerTeacher, requireSameSize, requireSameTokenizer } from '../../../training/teachers/inner-teacher.ts'
import { close, gaussian } from '../../engine/oracle.ts'
import { captions, smallModel } from '../../export/small-model.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'

const [B, T] = [2, 8]

/** The same small model as a folder of ours, and as ONNX towers that show their last layers. */
async function folders(t: ExecutionContext) {
  const { model, tokenizer, tokenizerDir } = await smallModel(t)
  const { config, params } = model
  const own = await temporaryFolder(t)
  await writeModelFolder(own, model, tokenizerDir)
  const onnx = await temporaryFolder(t)
  await writeModelFolder(onnx, model, tokenizerDir)
  await rm(join(onnx, 'model.safetensors'))
  await mkdir(join(onnx, 'onnx'))
  const write = async (name: string, fn: TensorFunction, data: InputSpecs) => {
    const graph = trace(fn, { ...paramInputs(params), ...data }, { cpuOnly: false, marks: { batch: 1_000_003, length: 500_009 } })
    await writeFile(join(onnx, 'onnx', `${name}.onnx`), encodeModel(bindParams(prune(graph), params)))
  }
  const asOutputs = ({ hidden, attention }: ReturnType<typeof imageTower>) => ({ hidden_states: hidden, attentions: attention })
  const size = config.vision_config.image_size
  await write('vision_model', (inputs) => asOutputs(imageTower(inputs, config, inputs.pixel_values!)), {
    pixel_values: { dtype: 'float32', shape: [1_000_003, 3, size, size] },
  })
  const texts = { dtype: 'int32' as const, shape: [1_000_003, 500_009] }
  await write('text_model', (inputs) => asOutputs(textTower(inputs, config, inputs.input_ids!, inputs.attention_mask!)), {
    input_ids: texts,
    attention_mask: texts,
  })
  return { own, onnx, tokenizer, config }
}

const lastLayer = ['hidden', 'attention'] as const

test('a model folder and ONNX files with these outputs show the same last layers', async (t) => {
  const { own, onnx, tokenizer, config } = await folders(t)
  const first = await openInnerTeacher(own, ['image', 'text'], { threads: 1 })
  const second = await openInnerTeacher(onnx, ['image', 'text'], { threads: 1 })
  t.teardown(() => Promise.all([first.release(), second.release()]))
  const { vision_config: vision, text_config: text } = config
  t.deepEqual(first.shapes, {
    image: { width: vision.hidden_size, heads: vision.num_attention_heads, tokens: 17, gates: 3 * (128 + 512) },
    text: { width: text.hidden_size, heads: text.num_attention_heads, gates: 2 * (128 + 512) },
  })
  t.deepEqual(second.shapes, withoutGates(first.shapes), 'these files do not hold what passes the gates')
  t.is(second.imageSize, first.imageSize)

  const pixels = gaussian(B * 3 * vision.image_size ** 2, 1)
  const { inputIds, attentionMask } = tokenizer.encodeBatch(captions.slice(0, B), T)
  const pairs = [
    [await first.images(pixels, B, lastLayer), await second.images(pixels, B, lastLayer), 17, vision],
    [await first.texts(inputIds, attentionMask, B, lastLayer), await second.texts(inputIds, attentionMask, B, lastLayer), T, text],
  ] as const
  for (const [one, two, tokens, { hidden_size, num_attention_heads }] of pairs) {
    t.is(one.hidden!.length, B * tokens * hidden_size)
    t.is(one.attention!.length, B * num_attention_heads * tokens * tokens)
    close(t, two.hidden!, one.hidden!, 1e-5, 'hidden')
    close(t, two.attention!, one.attention!, 1e-5, 'attention')
    const row = one.attention!.subarray(tokens * 3, tokens * 4)
    t.true(Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) < 1e-5, 'rows sum to 1')
  }
})

function withoutGates({ image, text }: InnerShapes): InnerShapes {
  const { gates: _, ...seenImage } = image!
  const { gates: __, ...seenText } = text!
  return { image: seenImage, text: seenText }
}

test('an export without such outputs is an inner teacher through its weights, and a student to begin with', async (t) => {
  const { own, tokenizer, config } = await folders(t)
  const model = await readModelFolder(own)
  for (const [dtype, tolerance] of [
    ['fp32', 0],
    ['fp16', 1e-2],
  ] as const) {
    const out = join(await temporaryFolder(t), 'export')
    await exportFolder(model, { tokenizerDir: own, out, threads: 1, dtypes: [dtype], leaveOut: ['safetensors'] })
    t.is(findModel(out), out)
    const read = await readModelFolder(out)
    t.deepEqual(read.config, config)
    t.deepEqual(Object.keys(read.params), Object.keys(model.params))
    for (const [name, { shape, data }] of Object.entries(model.params)) {
      t.deepEqual(read.params[name]!.shape, shape, name)
      close(t, read.params[name]!.data, data, tolerance, name)
    }
    const [memory, files] = [
      await openInnerTeacher(own, ['image', 'text'], { threads: 1 }),
      await openInnerTeacher(out, ['image', 'text'], { threads: 1 }),
    ]
    t.teardown(() => Promise.all([memory.release(), files.release()]))
    t.deepEqual(files.shapes, memory.shapes)
    t.not(files.id, memory.id)
    const { inputIds, attentionMask } = tokenizer.encodeBatch(captions.slice(0, B), T)
    const [got, want] = [await files.texts(inputIds, attentionMask, B, ['gates']), await memory.texts(inputIds, attentionMask, B, ['gates'])]
    close(t, got.gates!, want.gates!, 2 * tolerance, `${dtype}, gates`)
  }
  const out = join(await temporaryFolder(t), 'export')
  await exportFolder(model, { tokenizerDir: own, out, threads: 1, dtypes: ['q8'], leaveOut: ['safetensors', 'combined'] })
  await throwsUserError(t, () => readModelFolder(out), { expected: /\d+ weights in fp32 or fp16/, got: 'none' })
})

for (const [dtype, tolerance] of [
  ['fp32', 1e-5],
  ['fp16', 2e-2],
] as const) {
  test(`an export with activations (${dtype}) is an inner teacher, with those of the model in memory`, async (t) => {
    const { own, tokenizer, config } = await folders(t)
    const out = join(await temporaryFolder(t), 'export')
    const model = await readModelFolder(own)
    const options = { tokenizerDir: own, out, threads: 1, leaveOut: ['safetensors' as const] }
    await exportFolder(model, { ...options, dtypes: [dtype], outputs: ['hidden_states', 'attentions'] })
    const [memory, files] = [
      await openInnerTeacher(own, ['image', 'text'], { threads: 1 }),
      await openInnerTeacher(out, ['image', 'text'], { threads: 1 }),
    ]
    t.teardown(() => Promise.all([memory.release(), files.release()]))
    t.deepEqual(files.shapes, withoutGates(memory.shapes))
    const pixels = gaussian(B * 3 * config.vision_config.image_size ** 2, 1)
    const { inputIds, attentionMask } = tokenizer.encodeBatch(captions.slice(0, B), T)
    const pairs = [
      [await files.images(pixels, B, lastLayer), await memory.images(pixels, B, lastLayer)],
      [await files.texts(inputIds, attentionMask, B, lastLayer), await memory.texts(inputIds, attentionMask, B, lastLayer)],
    ] as const
    for (const [got, want] of pairs) {
      close(t, got.hidden!, want.hidden!, tolerance, 'hidden')
      close(t, got.attention!, want.attention!, tolerance, 'attention')
    }
    // The folder is a teacher of features as well, and the combined file shows nothing more than ever.
    const teacher = await openOnnxFolder(out, { threads: 1 })
    t.teardown(() => teacher.release())
    t.is(teacher.embedDim, config.projection_dim)
    const outputsOf = async (stem: string) =>
      decodeModel(await readFile(join(out, onnxFile(stem as 'model', dtype))), stem).outputs.map(({ name, dims }) => `${name} [${dims}]`)
    t.deepEqual(await outputsOf('model'), [
      'logits_per_image [image_batch_size,text_batch_size]',
      'logits_per_text [text_batch_size,image_batch_size]',
      'text_embeds [text_batch_size,64]',
      'image_embeds [image_batch_size,64]',
    ])
    t.deepEqual(await outputsOf('text_model'), [
      'text_embeds [batch_size,64]',
      'hidden_states [batch_size,sequence_length,128]',
      'attentions [batch_size,2,sequence_length,sequence_length]',
    ])
  })
}

test('only what is asked for is written; unknown outputs are refused', async (t) => {
  const { model } = await smallModel(t)
  const names = ({ outputs }: { outputs: { name: string }[] }) => outputs.map(({ name }) => name)
  t.deepEqual(names(exportGraphs(model).vision), ['image_embeds'])
  t.deepEqual(names(exportGraphs(model, { outputs: parseOutputs(['attentions', 'attentions']) }).vision), ['image_embeds', 'attentions'])
  await throwsUserError(t, () => parseOutputs(['hidden']), { where: /--outputs/, got: 'hidden' })
})

test('refuses ONNX files without these outputs, and texts that are too long', async (t) => {
  const { own, onnx, tokenizer, config } = await folders(t)
  const teacher = await openInnerTeacher(own, ['image', 'text'], { threads: 1 })
  t.teardown(() => teacher.release())
  const long = config.text_config.max_position_embeddings + 4
  const { inputIds, attentionMask } = tokenizer.encodeBatch(['a'], long)
  await throwsUserError(t, () => teacher.texts(inputIds, attentionMask, 1, lastLayer), { expected: /texts of at most 16 tokens/, got: '20' })
  const graph = trace(({ pixel_values }) => ({ image_embeds: pixel_values! }), { pixel_values: { dtype: 'float32', shape: [1, 3, 32, 32] } })
  await writeFile(join(onnx, 'onnx', 'vision_model.onnx'), encodeModel(graph))
  await throwsUserError(t, () => openInnerTeacher(onnx, ['image', 'text'], { threads: 1 }), {
    expected: /an output hidden_states/,
    got: 'image_embeds',
  })
  const words = await openInnerTeacher(onnx, ['text'], { threads: 1 }) // a tower that nothing looks into need not show itself
  t.teardown(() => words.release())
  t.deepEqual(Object.keys(words.shapes), ['text'])
})

test('refuses images of another size', async (t) => {
  const { own } = await folders(t)
  const teacher = await openInnerTeacher(own, ['image', 'text'], { threads: 1 })
  t.teardown(() => teacher.release())
  t.notThrows(() => requireSameSize(teacher, teacher.imageSize))
  await throwsUserError(t, () => requireSameSize(teacher, 224), {
    where: /--inner-teacher at every step/,
    expected: /images of 224 px, as the student's/,
    got: /32 px/,
  })
})

test('refuses a text tower with other tokens', async (t) => {
  const { tokenizer } = await smallModel(t)
  t.notThrows(() => requireSameTokenizer(tokenizer, tokenizer, captions))
  const other = { ...tokenizer, encode: (text: string) => [...tokenizer.encode(text), 9] }
  await throwsUserError(t, () => requireSameTokenizer(tokenizer, other, captions), {
    expected: /the student's tokenizer/,
    got: /other tokens for "a red apple"/,
  })
})
