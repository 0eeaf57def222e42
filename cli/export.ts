import { z } from 'zod'
import { parseDtypes } from '../export/dtypes.ts'
import { parseMaxDrop } from '../export/gate.ts'
import { parseOutputs } from '../export/outputs.ts'
import { type ExportedFiles, exportFolder } from '../export/package.ts'
import { findModel } from '../models/find-model.ts'
import { readModelFolder } from '../models/folder.ts'
import { languageName, megabytes, percent } from '../report/format.ts'
import { cardData, reportIn } from '../run/card-data.ts'
import { openRunData, requireNothingToMeasure, validationTasks } from '../run/run-data.ts'
import { requireNoRun } from '../run/run-folder.ts'
import { trainedOn } from '../run/trained-on.ts'
import { calibrationSet } from '../stages/calibration.ts'
import type { Command } from './command.ts'
import { dataOptions, maxDropOption, runOptions } from './options.ts'

const schema = z.object({
  from: z.string().describe('run or model folder'),
  out: z.string().describe('folder to write'),
  dtypes: z.array(z.string()).default(['fp32', 'fp16', 'q8']).describe('number formats: fp32, fp16, q8, int8 (calibrated), q4'),
  format: z.enum(['onnx', 'ort']).default('onnx').describe("ort: also .ort files for onnxruntime's mobile builds, with the list of their operators"),
  ...dataOptions,
  maxDrop: maxDropOption,
  keepFp32: z.array(z.string()).default([]).describe('layers to leave in fp32, or auto: those that --maxDrop makes necessary'),
  reduceRange: z
    .boolean()
    .default(true)
    .describe('7-bit weights in q8 and int8: with 8 bits (--no-reduceRange) x86 processors without VNNI saturate'),
  outputs: z.array(z.string()).default([]).describe('further outputs of the towers: hidden_states, attentions (for hidden and attention objectives)'),
  cacheDir: runOptions.cacheDir,
  force: z.boolean().default(false).describe('write into a folder that holds other files'),
})

export const exportModel: Command<typeof schema> = {
  name: 'export',
  description: 'Write a trained model as an ONNX folder for transformers.js, checked against the training graph and by recall per language.',
  schema,
  examples: [
    'export --from runs/distill --out dist/emoji --dtypes fp32,q8 --maxDrop 0.5',
    'export --from runs/distill --out dist/emoji --keepFp32 auto',
  ],
  async run(config) {
    const { from, out, reduceRange, format, force } = config
    const dtypes = parseDtypes(config.dtypes)
    const maxDrop = parseMaxDrop(config.maxDrop ?? [], dtypes)
    await requireNoRun('--out', out)
    const dir = findModel(from)
    const model = await readModelFolder(dir)
    const { image_size: size } = model.config.vision_config
    const trained = await trainedOn(from)
    const data = await openRunData(config, trained)
    if (!data) requireNothingToMeasure(config, from, ['maxDrop']) // a gate that nothing passes through would seem to hold
    const files = await exportFolder(model, {
      ...{ out, reduceRange, force, dtypes, tokenizerDir: dir, ort: format === 'ort', outputs: parseOutputs(config.outputs) },
      gate: data && { tasks: await validationTasks(data, size, config.cacheDir), maxDrop },
      keepFp32: config.keepFp32.join() === 'auto' ? 'auto' : config.keepFp32,
      calibration: data && dtypes.includes('int8') ? await calibrationSet(data, size) : undefined,
      card: { ...(data ? cardData(data, trained) : {}), report: await reportIn(from) },
    })
    print(files)
    if (!data) console.log('Not measured: name a --corpus to check what each format loses.')
    console.log(`Exported to ${out}. Search with it:\n  npx distilingual search --model ${out} --images FOLDER "bicycle"`)
  },
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
