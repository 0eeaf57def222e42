import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { openCorpus } from '../corpora/open.ts'
import { languageName, megabytes, percent } from '../eval/report/format.ts'
import { parseDtypes } from '../export/dtypes.ts'
import { type Gate, parseMaxDrop } from '../export/gate.ts'
import { type ExportedFiles, exportFolder } from '../export/package.ts'
import { readModelFolder } from '../models/folder.ts'
import { findModel } from '../stages/run-folder.ts'
import { prepareTask } from '../stages/validate.ts'
import type { Command } from './command.ts'
import { runOptions } from './options.ts'

const schema = z.object({
  from: z.string().describe('run or model folder'),
  out: z.string().describe('folder to write'),
  dtypes: z.array(z.string()).default(['fp32', 'fp16', 'q8']).describe('number formats: fp32, fp16, q8, q4'),
  corpus: z.string().optional().describe("whose validation protocol the files are measured on (default: the run's corpus)"),
  imagesDir: z.string().optional().describe("what image paths are relative to (default: the corpus file's folder)"),
  languages: z.array(z.string()).optional().describe("languages to measure (default: the run's)"),
  maxDrop: z.array(z.string()).default(['1.0']).describe('points of mean recall that fp16 and q8 may lose in each language; q4:2 sets one format'),
  keepFp32: z.array(z.string()).default([]).describe('layers to leave in fp32, or auto: those that --maxDrop makes necessary'),
  reduceRange: z.boolean().default(false).describe('7-bit weights in q8, for x86 processors without VNNI'),
  cacheDir: runOptions.cacheDir,
  force: z.boolean().default(false).describe('write into a folder that holds other files'),
})
type Config = z.output<typeof schema>

export const exportModel: Command<typeof schema> = {
  name: 'export',
  description: 'Write a trained model as an ONNX folder for transformers.js, checked against the training graph and by recall per language.',
  schema,
  examples: [
    'export --from runs/distill --out dist/emoji --dtypes fp32,q8 --maxDrop 0.5',
    'export --from runs/distill --out dist/emoji --keepFp32 auto',
  ],
  async run(config) {
    const { from, out, dtypes, reduceRange, force } = config
    const formats = parseDtypes(dtypes)
    const dir = findModel(from)
    const model = await readModelFolder(dir)
    const gate = await openGate(config, model.config.vision_config.image_size)
    const keepFp32 = config.keepFp32.join() === 'auto' ? ('auto' as const) : config.keepFp32
    print(await exportFolder(model, { out, reduceRange, force, tokenizerDir: dir, dtypes: formats, gate, keepFp32 }))
    if (!gate) console.log('Not measured: name a --corpus to check what each format loses.')
    console.log(`Exported to ${out}. Search with it:\n  npx distilingual search --model ${out} --images FOLDER "red apple"`)
  },
}

/** The gate's validation tasks: of the named corpus, else of the one the run was trained on; none when neither is known. */
async function openGate(config: Config, imageSize: number): Promise<Gate | undefined> {
  const trained = await trainedOn(config.from)
  const name = config.corpus ?? trained?.corpus
  if (!name) return undefined
  const languages = config.languages ?? trained?.languages
  const open = await openCorpus(name, { languages, imagesDir: config.imagesDir ?? trained?.imagesDir })
  const tasks = []
  for (const language of languages ?? open.languagesOf(open.defaultValidation)) {
    tasks.push(await prepareTask(await open.task(open.defaultValidation, language), imageSize, 'auto', config.cacheDir))
  }
  return { tasks, maxDrop: parseMaxDrop(config.maxDrop) }
}

async function trainedOn(run: string): Promise<Partial<Pick<Config, 'corpus' | 'imagesDir' | 'languages'>> | undefined> {
  const file = join(run, 'config.json')
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : undefined
}

function print({ sizes, parity, recall }: ExportedFiles): void {
  for (const { dtype, bytes } of sizes) {
    const { image, text } = parity.find((row) => row.dtype === dtype)!
    const lost = recall
      .filter((row) => row.dtype === dtype)
      .map(({ language, meanRecall, drop }) => `${languageName(language)} ${percent(meanRecall)} % (lost ${drop.toFixed(2)})`)
    const towers = `image ${megabytes(bytes.vision_model)}, text ${megabytes(bytes.text_model)}`
    console.log(
      `${dtype.padEnd(4)}  ${towers}; least cosine to the training graph ${image.least.toFixed(6)}, ${text.least.toFixed(6)}${lost.length ? `; mean recall ${lost.join(', ')}` : ''}`,
    )
  }
}
