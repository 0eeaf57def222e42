import { stat } from 'node:fs/promises'
import { markdownTable } from 'markdown-table'
import { type Progress, progress } from '../base/progress.ts'
import { type Candidate, interleavedLatency, type Latency } from '../eval/latency.ts'
import { embedCached, embedTexts } from '../models/embed.ts'
import type { Encoder } from '../models/encoder.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { findTeacherFiles, withExternalData } from '../models/onnx/files.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import { languageName, megabytes, percent, thousands } from '../report/format.ts'
import type { LanguageRecall } from './exported-files.ts'
import { peakMemory } from './memory.ts'
import { type GateTask, measureRecall } from './recall.ts'

/** A model in one number format, as an edge report measures it. */
export interface EdgeModel {
  role: 'student' | 'teacher'
  name: string
  dir: string
  dtype?: ModelDtype
  /** Validation tasks with pixels of this model's size; without them neither recall nor cosines are measured. */
  tasks?: GateTask[]
}

export interface EdgeRow {
  role: EdgeModel['role']
  name: string
  dtype?: ModelDtype
  /** Of the files; of a combined file, all of it under image. */
  bytes: { image: number; text: number }
  /** What both towers take at the peak of a process of their own. */
  memory: number
  /** One image or text, on one thread. */
  image: Speed
  text: Speed
  /** Mean cosine to the fp32 files of the same folder. */
  cosine?: { image: number; text: number }
  recall: LanguageRecall[]
}

interface Speed {
  p50: number // ms
  p95: number // ms
  /** Items a second of one processor's time, in batches of 16. */
  perSecond: number
}

const batch = 16
const usualRounds = 100
const words = ['a red apple', '红色的苹果', 'a dog that runs on the beach', '海滩上奔跑的狗']
const samples = 128 // images, and texts, that cosines are averaged over

/**
 * Measures models side by side, as on a small device: one thread, one image or text at a time, their runs interleaved so that
 * a busy machine slows all of them alike; each timed run follows one of the same model that is not timed.
 * @throws UserError as openOnnxFolder does
 */
export async function edgeReport(models: EdgeModel[], { rounds = usualRounds }: { rounds?: number } = {}): Promise<EdgeRow[]> {
  const encoders = await openAll(models)
  try {
    const [one, many] = [await speeds(encoders, 1, rounds), await speeds(encoders, batch, Math.ceil(rounds / 10))]
    const bar = progress('sizes, memory, recall', models.length, 'models')
    const rows: EdgeRow[] = []
    try {
      for (const [i, { role, name, dir, dtype, tasks = [] }] of models.entries()) {
        const encoder = encoders[i]!
        const exact = models.findIndex((other) => other.dir === dir && other.dtype === 'fp32')
        const speed = (place: number): Speed => ({ ...pick(one[place]!), perSecond: (1000 * batch) / many[place]!.cpu50 })
        rows.push({
          role,
          name,
          dtype,
          bytes: await fileSizes(dir, dtype),
          memory: await peakMemory(dir, encoder.imageSize, dtype),
          image: speed(2 * i),
          text: speed(2 * i + 1),
          ...(exact >= 0 && tasks.length > 0 ? { cosine: await cosines(encoder, encoders[exact]!, tasks) } : {}),
          recall: await measureRecall(encoder, tasks),
        })
        bar.update(i + 1)
      }
    } finally {
      bar.stop()
    }
    return rows
  } finally {
    await Promise.all(encoders.map((encoder) => encoder.release()))
  }
}

/** The rows as a Markdown table; times in milliseconds, recall in percent. */
export function edgeTable(rows: EdgeRow[]): string {
  const languages = [...new Set(rows.flatMap(({ recall }) => recall.map(({ language }) => language)))]
  const head = [
    'model',
    'image',
    'text',
    'memory',
    'image p50',
    'p95',
    'text p50',
    'p95',
    'images/s',
    'texts/s',
    'cosine image',
    'text',
    ...languages.map(languageName),
  ]
  const body = rows.map((row) => [
    [row.name, row.dtype].filter(Boolean).join(' '),
    ...[row.bytes.image, row.bytes.text, row.memory].map(megabytes),
    ...[row.image.p50, row.image.p95, row.text.p50, row.text.p95].map((ms) => ms.toFixed(2)),
    ...[row.image.perSecond, row.text.perSecond].map((rate) => thousands(Math.round(rate))),
    ...[row.cosine?.image, row.cosine?.text].map((value) => value?.toFixed(5) ?? '–'),
    ...languages.map((language) => percent(row.recall.find((entry) => entry.language === language)?.meanRecall)),
  ])
  return markdownTable([head, ...body], { align: head.map((_, i) => (i === 0 ? 'l' : 'r')) })
}

async function openAll(models: EdgeModel[]): Promise<Encoder[]> {
  const encoders: Encoder[] = []
  for (const { dir, dtype } of models) encoders.push(await openOnnxFolder(dir, { dtype, threads: 1 }))
  return encoders
}

/** Two places per encoder: images, texts. */
async function speeds(encoders: Encoder[], count: number, rounds: number): Promise<Latency[]> {
  const warmup = Math.min(5, rounds)
  const bar = progress(count === 1 ? 'one at a time' : `${count} at a time`, 2 * (rounds + warmup), 'rounds')
  // A candidate of its own, so that nobody's time includes it.
  const candidates = [...encoders.flatMap((encoder) => timed(encoder, count)), tick(bar)]
  const measured = await interleavedLatency(candidates, { rounds, warmup, settle: 1 }).finally(() => bar.stop())
  return measured.slice(0, -1)
}

function tick(bar: Progress): Candidate {
  let done = 0
  return { name: 'progress', run: async () => bar.update(++done) }
}

function timed(encoder: Encoder, count: number): Candidate[] {
  const pixels = new Float32Array(count * 3 * encoder.imageSize ** 2)
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.sin(i)
  const texts = Array.from({ length: count }, (_, i) => words[i % words.length]!)
  return [
    { name: `${encoder.id} image`, run: () => encoder.encodeImages(pixels, count) },
    { name: `${encoder.id} text`, run: () => encoder.encodeTexts(texts) },
  ]
}

function pick({ p50, p95 }: Latency): { p50: number; p95: number } {
  return { p50, p95 }
}

async function fileSizes(dir: string, dtype?: ModelDtype): Promise<EdgeRow['bytes']> {
  const files = await findTeacherFiles(dir, dtype)
  const size = async (file: string) => {
    const parts = await Promise.all((await withExternalData(file)).map((part) => stat(part)))
    return parts.reduce((sum, part) => sum + part.size, 0)
  }
  return 'combined' in files ? { image: await size(files.combined), text: 0 } : { image: await size(files.vision), text: await size(files.text) }
}

async function cosines(encoder: Encoder, exact: Encoder, tasks: GateTask[]): Promise<{ image: number; text: number }> {
  const { pixels } = tasks[0]!
  const count = Math.min(samples, pixels.count)
  const texts = tasks.flatMap((entry) => entry.task.texts.slice(0, Math.ceil(samples / tasks.length)))
  return {
    image: meanDot(await embedCached(encoder, pixels, count), await embedCached(exact, pixels, count), count),
    text: meanDot(await embedTexts(encoder, texts), await embedTexts(exact, texts), texts.length),
  }
}

function meanDot(a: Float32Array, b: Float32Array, count: number): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0) / count
}
