import { z } from 'zod'
import { parseDtypes } from '../export/dtypes.ts'
import { exportFolder } from '../export/package.ts'
import { readModelFolder } from '../models/folder.ts'
import { findModel } from '../stages/run-folder.ts'
import type { Command } from './command.ts'

const schema = z.object({
  from: z.string().describe('run or model folder'),
  out: z.string().describe('folder to write'),
  dtypes: z.array(z.string()).default(['fp32', 'fp16', 'q8']).describe('number formats: fp32, fp16, q8, q4'),
  reduceRange: z.boolean().default(false).describe('7-bit weights in q8, for x86 processors without VNNI'),
  force: z.boolean().default(false).describe('write into a folder that holds other files'),
})

export const exportModel: Command<typeof schema> = {
  name: 'export',
  description: 'Write a trained model as an ONNX folder for transformers.js, checked against the training graph.',
  schema,
  async run({ from, dtypes, ...options }) {
    const formats = parseDtypes(dtypes)
    const dir = findModel(from)
    const { sizes, parity } = await exportFolder(await readModelFolder(dir), { ...options, tokenizerDir: dir, dtypes: formats })
    console.table(sizes)
    console.table(parity)
    console.log(`Exported to ${options.out}. Search with it:\n  npx distilingual search --model ${options.out} --images FOLDER "red apple"`)
  },
}
