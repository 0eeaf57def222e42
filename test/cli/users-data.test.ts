import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import sharp from 'sharp'
import { nodeArguments } from '../../base/own-modules.ts'
import { withPresets } from '../../base/setting.ts'
import { captionsOf } from '../../corpora/emoji/captions.ts'
import { conceptsOf } from '../../corpora/emoji/concepts.ts'
import { onePerConcept } from '../../corpora/emoji/drawings.ts'
import { decodeImage } from '../../corpora/images.ts'
import type { EdgeReport } from '../../export/edge-files.ts'
import { exportFolder } from '../../export/package.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { parseReport } from '../../report/schema.ts'
import { distill } from '../../stages/distill.ts'
import { distillSettings } from '../../stages/settings/distill.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'
import { eventsIn } from '../engine/events/reader.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

const main = new URL('../../cli/main.ts', import.meta.url).pathname

const node = [...nodeArguments(), main]

/** A first stage whose student is small: what its commands do takes longer than what it learns. */
const small = { student: '32x1-32x1', batchSize: 32, warmup: 2, variants: 2, vocabSize: 400, threads: 1 }

/** Runs a command as a user would, in a process of its own. */
async function run(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...node, ...args], { cwd })
  return stdout
}

/** Runs a command until a file is there, and kills it. */
async function killed(cwd: string, file: string, ...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [...node, ...args], { cwd, stdio: 'ignore' })
  const ended = once(child, 'close')
  while (child.exitCode === null && !existsSync(join(cwd, file))) await new Promise((resolve) => setTimeout(resolve, 5))
  child.kill('SIGKILL')
  const [, signal] = await ended
  if (signal !== 'SIGKILL') throw new Error(`${args.join(' ')} ended by itself`)
}

/** A folder with 200 PNG files, captions.csv in German and French, and a small untrained teacher. */
async function usersFolder(t: ExecutionContext): Promise<string> {
  const dir = await temporaryFolder(t)
  const drawings = await onePerConcept('twemoji')
  const chosen = conceptsOf('train').slice(0, 200)
  const rows = await Promise.all(
    chosen.map(async ({ code }) => {
      const pixels = await decodeImage(drawings.get(code)!.source, 32, 'drawing')
      await sharp(pixels, { raw: { width: 32, height: 32, channels: 4 } })
        .png()
        .toFile(join(dir, `${code}.png`))
      return [`${code}.png`, captionsOf(code, 'de')[0]!, captionsOf(code, 'fr')[0]!]
    }),
  )
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`
  await writeFile(join(dir, 'captions.csv'), ['image,de,fr', ...rows.map((row) => row.map(cell).join())].join('\n'))
  const tower = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 }
  await writeTokenizer(
    join(dir, 'words'),
    trainTokenizer(
      rows.flatMap(([, de, fr]) => [de!, fr!]),
      { vocabSize: 400 },
    ),
  )
  const config = {
    projection_dim: 16,
    vision_config: { ...tower, image_size: 32, patch_size: 8 },
    text_config: { ...tower, vocab_size: 400, max_position_embeddings: 32 },
  }
  await exportFolder(createDualEncoder(config, 3), { tokenizerDir: join(dir, 'words'), out: join(dir, 'teacher'), dtypes: ['fp32'] })
  return dir
}

/** From a config.json. */
async function recorded(dir: string, ...path: string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(dir, ...path, 'config.json'), 'utf8'))
}

test('four commands take a 200-image CSV in German and French to an export', async (t) => {
  const dir = await usersFolder(t)
  const data = ['--corpus', 'captions.csv', '--languages', 'de,fr']
  const short = ['--batch-size', '32', '--steps', '6', '--warmup', '2', '--log-every', '2']
  await run(dir, 'stage1', ...data, ...short, '--teacher', 'teacher', '--variants', '2', '--vocab-size', '400', '--out', 'one')
  // From here on the run says which data is meant.
  await run(dir, 'stage2', ...short, '--from', 'one', '--out', 'two', '--tensorboard')
  t.like(await recorded(dir, 'two'), { corpus: join(dir, 'captions.csv'), languages: ['de', 'fr'] })
  const printed = await run(dir, 'evaluate', '--model', 'two', '--teacher', 'teacher', '--protocol', 'test', '--out', 'measured')
  // Six steps teach nothing: at chance, rounding moves recall by more than the gate's one point.
  const exported = await run(dir, 'export', '--from', 'two', '--out', 'dist', '--dtypes', 'fp32,q8', '--max-drop', '50')

  t.regex(printed, /German/)
  t.regex(exported, /q8 .*mean recall German \d+\.\d % .*French/)
  const report = parseReport(JSON.parse(await readFile(join(dir, 'measured', 'report.json'), 'utf8')))
  t.deepEqual(new Set(report.results.map(({ language }) => language)), new Set(['de', 'fr']))
  t.true(report.results.some(({ model, retention }) => model === 'student' && retention !== undefined))
  const log = (await readFile(join(dir, 'one', 'log.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.deepEqual(
    log.filter((line) => 'loss' in line).map((line) => line.step),
    [2, 4, 6],
  )
  const [events] = await eventsIn(join(dir, 'two'))
  const logged = (tag: string) => events!.filter(({ scalars }) => tag in scalars).map(({ step }) => step)
  for (const tag of ['loss/loss', 'loss/task', 'training/learningRate']) t.deepEqual(logged(tag), [2, 4, 6], tag)
  for (const tag of ['validation/mean_recall_de', 'validation/text_to_image_R_at_1_fr', 'validation/language_gap']) t.deepEqual(logged(tag), [6], tag)
  t.deepEqual(await eventsIn(join(dir, 'one')), [])
  for (const file of ['model.safetensors', 'tokenizer.json', 'onnx/text_model_quantized.onnx', 'onnx/vision_model.onnx', 'README.md']) {
    t.true((await readFile(join(dir, 'dist', file))).length > 0, file)
  }
})

test('distill, killed in its second stage and resumed, ends as one that never stopped; with a twin without a teacher', async (t) => {
  t.timeout(600_000)
  const dir = await usersFolder(t)
  const first = { ...small, steps: 6, logEvery: 2 }
  const second = { steps: 4, batchSize: 32, warmup: 2, logEvery: 1, threads: 1 }
  const settings = { corpus: 'captions.csv', languages: ['de', 'fr'], teacher: 'teacher', protocol: ['test'], dtypes: ['fp32', 'q8'] }
  await writeFile(join(dir, 'short.json'), JSON.stringify({ ...settings, maxDrop: ['50'], stage1: first, stage2: second }))
  const command = ['distill', '--config', 'short.json']

  const printed = await run(dir, ...command, '--out', 'whole', '--baseline')
  t.regex(printed, /German[\s\S]*scratch/)
  const report = parseReport(JSON.parse(await readFile(join(dir, 'whole', 'report.json'), 'utf8')))
  const measured = new Set(report.results.map(({ model, dtype }) => `${model} ${dtype}`))
  t.deepEqual(measured, new Set(['teacher fp32', 'student fp32', 'student q8', 'student-stage1 fp32', 'scratch fp32']))
  const rates = JSON.parse(await readFile(join(dir, 'whole', 'scratch', 'rates.json'), 'utf8')) as { learningRate: number; recall: number }[]
  t.deepEqual(
    rates.map(({ learningRate }) => learningRate),
    [5e-4, 1e-3, 2e-3],
  )
  t.true(rates.every(({ recall }) => recall >= 0 && recall <= 1))

  await killed(dir, 'halved/stage2/log.jsonl', ...command, '--out', 'halved')
  t.false(existsSync(join(dir, 'halved', 'report.json')))
  const idle = ['--stage2.log-every', '3', '--stage2.checkpoint-every', '3', '--protocol', 'val'] // decides nothing that is learnt
  await run(dir, ...command, '--out', 'halved', '--resume', ...idle)
  for (const file of ['stage1/student/model.safetensors', 'stage2/student/model.safetensors', 'export/onnx/text_model_quantized.onnx'])
    t.deepEqual(await readFile(join(dir, 'halved', file)), await readFile(join(dir, 'whole', file)), file)

  const elsewhere = await temporaryFolder(t)
  await run(elsewhere, 'edge', join(dir, 'whole'), '--rounds', '10') // the run's teacher and corpus were named from another folder
  const edge = JSON.parse(await readFile(join(dir, 'whole', 'export', 'edge.json'), 'utf8')) as EdgeReport
  t.deepEqual(new Set(edge.rows.map(({ role }) => role)), new Set(['student', 'teacher']))
  t.true(edge.rows.every(({ recall }) => recall.length === 2))
})

test('distill of a folder of pictures without captions, killed and resumed; its captions are data for other commands', async (t) => {
  t.timeout(600_000)
  const dir = await usersFolder(t)
  await mkdir(join(dir, 'pictures', 'more'), { recursive: true })
  const drawings = (await readdir(dir)).filter((name) => name.endsWith('.png'))
  for (const [i, name] of drawings.entries()) await rename(join(dir, name), join(dir, 'pictures', i % 2 === 0 ? 'more' : '', name))
  await writeFile(join(dir, 'pictures', 'notes.txt'), 'no picture')
  const first = { ...small, steps: 4, logEvery: 1, textShare: 0.5, textBatch: 32 }
  const second = { steps: 3, batchSize: 32, warmup: 2, logEvery: 1, threads: 1 }
  const settings = { languages: ['de', 'fr'], textLimit: 600, teacher: 'teacher', dtypes: ['fp32', 'q8'], maxDrop: ['50'] }
  await writeFile(join(dir, 'short.json'), JSON.stringify({ ...settings, stage1: first, stage2: second }))
  const command = ['distill', '--images', 'pictures', '--config', 'short.json']

  await killed(dir, 'whole/stage1/log.jsonl', ...command, '--out', 'whole')
  const before = await readFile(join(dir, 'whole', 'teacher-captions.jsonl'))
  const printed = await run(dir, ...command, '--out', 'whole', '--resume')
  t.deepEqual(await readFile(join(dir, 'whole', 'teacher-captions.jsonl')), before)
  t.regex(printed, /agreement with the teacher[\s\S]*German/)
  const captions = (await readFile(join(dir, 'whole', 'teacher-captions.jsonl'), 'utf8')).trimEnd().split('\n')
  const rows = captions.map((line) => JSON.parse(line) as { image: string; captions: Record<string, string> })
  t.true(rows.length >= 40 && rows.every(({ image }) => existsSync(join(dir, 'pictures', image))))
  t.true(rows.some(({ image }) => image.startsWith('more/')))
  const report = parseReport(JSON.parse(await readFile(join(dir, 'whole', 'report.json'), 'utf8')))
  t.deepEqual(new Set(report.teacherAgreement!.map(({ language, queries }) => `${language} ${queries}`)), new Set(['de 1000', 'fr 1000']))
  t.is((report.provenance.config.stage1 as { objective: string }).objective, 'fd:4,crd:1,icl:1')

  const elsewhere = await temporaryFolder(t)
  t.regex(await run(elsewhere, 'evaluate', join(dir, 'whole'), '--protocol', 'val', '--out', 'measured'), /German[\s\S]*French/)
})

test('what a folder of pictures cannot be', async (t) => {
  const dir = await usersFolder(t)
  await mkdir(join(dir, 'empty'))
  const out = join(dir, 'run')
  const given = { teacher: join(dir, 'teacher'), languages: ['de', 'fr'], out, cacheDir: join(dir, 'cache') }
  const faults: [Record<string, unknown>, Parameters<typeof throwsUserError>[2]][] = [
    [{ images: join(dir, 'empty') }, { expected: /a folder with images/, got: 'none' }],
    [{ images: join(dir, 'nowhere') }, { got: 'no such folder' }],
    [
      { images: dir, corpus: join(dir, 'captions.csv') },
      { where: `--images ${dir}`, expected: 'no other corpus beside it' },
    ],
    [
      { images: dir, stage1: { objective: 'task:1' } },
      { where: '--objective task', expected: 'images with captions' },
    ],
    [
      { images: dir, stage1: { batchSize: 512 } },
      { expected: 'pictures enough for a batch: --batch-size 512', got: '200' },
    ],
  ]
  for (const [settings, fault] of faults) {
    await throwsUserError(t, () => distill(distillSettings.parse(withPresets(distillSettings, { ...given, ...settings }))), fault)
    t.false(existsSync(out), 'nothing is computed before')
  }
})
