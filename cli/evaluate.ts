import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { openCorpus } from '../corpora/open.ts'
import { renderConsole } from '../eval/report/console.ts'
import { writeReport } from '../eval/report/json.ts'
import { provenance } from '../eval/report/provenance.ts'
import { folderContender, onnxContender } from '../stages/contenders.ts'
import { type Contender, evaluateModels } from '../stages/evaluate.ts'
import { findModel } from '../stages/run-folder.ts'
import type { Command } from './command.ts'
import { corpusOptions, runOptions } from './options.ts'

const schema = z.object({
  model: z.string().describe('run, model folder (safetensors) or exported ONNX folder'),
  teacher: z.string().optional().describe('ONNX folder to compare with: adds retention'),
  dtype: z.enum(['fp32', 'fp16', 'q8', 'q4']).optional().describe('files of an exported folder (default: the most precise)'),
  ...corpusOptions,
  protocol: z.array(z.string()).optional().describe('protocols to run (default: all that the corpus has)'),
  out: z.string().describe('folder for report.json and report.md'),
  cacheDir: runOptions.cacheDir,
  seed: z.int().default(1).describe('seed of the bootstrap intervals'),
  threads: z.int().positive().optional().describe('threads of one operator (default: all cores)'),
})

export const evaluate: Command<typeof schema> = {
  name: 'evaluate',
  description: 'Measure retrieval per language and write report.json and report.md.',
  schema,
  async run(config) {
    const open = await openCorpus(config.corpus, { languages: config.languages, imagesDir: config.imagesDir })
    const protocols = config.protocol ?? open.protocols
    for (const protocol of protocols) open.languagesOf(protocol) // an unknown protocol fails before any work
    const contenders: Contender[] = []
    try {
      if (config.teacher) contenders.push(await onnxContender('teacher', config.teacher, config))
      contenders.push(await openModel(config.model, config))
      const { report: measured, ranks, material } = await evaluateModels(contenders, { ...config, open, protocols })
      const report = { schema: 1 as const, ...measured, provenance: provenance({ config, seed: config.seed }), commands: [commandLine(config)] }
      const files = await writeReport(config.out, report, { ranks, material })
      console.log(renderConsole(report))
      console.log(files.join('\n'))
    } finally {
      for (const { encoder } of contenders) await encoder.release()
    }
  },
}

/** Safetensors win, because they are what was trained; --dtype asks for exported files. */
async function openModel(dir: string, { dtype, threads }: { dtype?: 'fp32' | 'fp16' | 'q8' | 'q4'; threads?: number }): Promise<Contender> {
  const isExport = existsSync(join(dir, 'onnx'))
  return dtype || (isExport && !existsSync(join(dir, 'model.safetensors')))
    ? onnxContender('student', dir, { dtype, threads })
    : folderContender('student', findModel(dir), { threads })
}

function commandLine(config: Record<string, unknown>): string {
  const flags = Object.entries(config).filter(([, value]) => value !== undefined)
  return `npm run evaluate -- ${flags.map(([name, value]) => `--${name} ${Array.isArray(value) ? value.join(',') : value}`).join(' ')}`
}
