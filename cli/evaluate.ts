import { mkdir } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { languageOf } from '../corpora/language.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import type { Language } from '../corpora/sample.ts'
import { headlineOf } from '../eval/headline.ts'
import { knownSets } from '../eval/known-sets.ts'
import type { ModelDtype } from '../models/onnx/files.ts'
import { locateModel } from '../models/open-model.ts'
import { renderConsole } from '../report/console.ts'
import { writeReport } from '../report/json.ts'
import { evaluateModels } from '../report/measure/evaluate.ts'
import { folderEntry, type ModelEntry, onnxEntry } from '../report/measure/model-entry.ts'
import { provenance } from '../report/provenance.ts'
import { openRunData, usualData } from '../run/run-data.ts'
import { trainedOn } from '../run/trained-on.ts'
import { trainingLogs } from '../run/training-logs.ts'
import type { Command } from './command.ts'
import { commandLine } from './command-line.ts'
import { dataOptions, dtypeOption, runOptions, teacherFolder } from './options.ts'

const schema = z.object({
  model: z.string().describe('run, model folder (safetensors) or exported ONNX folder'),
  teacher: z.string().optional().describe('ONNX folder to compare with: adds retention'),
  dtype: dtypeOption.describe(
    "files of an exported folder, or of a run's export (default: the most precise there are; of a run the trained student)",
  ),
  ...dataOptions,
  protocol: z.array(z.string()).optional().describe('protocols to run (default: for emoji all, for a file its splits but train)'),
  knownSet: z
    .enum(Object.keys(knownSets) as [string, ...string[]])
    .optional()
    .describe('published test set that the corpus must be: its counts are checked, and only its split is measured'),
  classLanguages: z
    .array(z.string())
    .default([])
    .describe('further languages of zero-shot classification; emoji classes have names in 28 (default: the languages of the captions)'),
  out: z.string().describe('folder for the report'),
  cacheDir: runOptions.cacheDir,
  seed: z.int().default(1).describe('seed of the bootstrap intervals'),
  threads: z.int().positive().optional().describe('threads of one operator (default: all cores)'),
})

export const evaluate: Command<typeof schema> = {
  name: 'evaluate',
  description: 'Measure recall, zero-shot classification and agreement per language; write report.json, report.md and report.html.',
  schema,
  examples: [
    'evaluate --model runs/distill --teacher models/teachers/emoji-en-zh --out runs/measured',
    'evaluate --model runs/mine --corpus flickr30k-cn.csv --languages zh --knownSet flickr30k-cn --out runs/flickr',
  ],
  async run(asked) {
    const { open, ...data } = await openRunData(asked, await trainedOn(asked.model), usualData)
    const config = { ...asked, ...data }
    const all = config.knownSet ? [headlineOf(open.protocols, open.headlineProtocols)!] : open.protocols
    const protocols = config.protocol ?? all
    for (const protocol of protocols) open.languagesOf(protocol) // an unknown protocol fails before any work
    const classLanguages = config.classLanguages.map((language) => classLanguage(language, open))
    const training = await trainingLogs(config.model) // a damaged log fails before any work
    const entries: ModelEntry[] = []
    try {
      if (config.teacher) entries.push(await onnxEntry('teacher', teacherFolder(config.teacher), { threads: config.threads }))
      entries.push(await openStudent(config.model, config))
      await mkdir(config.out, { recursive: true }) // and so does a folder that cannot be written
      const { report: measured, ranks, material } = await evaluateModels(entries, { ...config, open, protocols, classLanguages })
      const report = {
        schema: 1 as const,
        ...measured,
        provenance: provenance({ config, seed: config.seed }),
        commands: [commandLine(evaluate, config)],
      }
      const title = `Evaluation of ${basename(resolve(config.model))}`
      const files = await writeReport(config.out, report, { ranks, material: { ...material, title, training } })
      console.log(renderConsole(report))
      console.log(files.join('\n'))
    } finally {
      for (const { encoder } of entries) await encoder.release()
    }
  },
}

async function openStudent(dir: string, { dtype, threads }: { dtype?: ModelDtype; threads?: number }): Promise<ModelEntry> {
  const { kind, folder } = await locateModel(dir, dtype)
  return kind === 'onnx' ? onnxEntry('student', folder, { dtype, threads }) : folderEntry('student', folder, { threads })
}

function classLanguage(written: string, { corpus, classifications }: OpenCorpus): Language {
  const language = languageOf(written, '--classLanguages')
  if (classifications.some(({ languages }) => languages?.includes(language) ?? true)) return language
  const known = classifications.flatMap(({ languages = [] }) => languages)
  throw new UserError({
    where: '--classLanguages',
    expected: `languages that classes of ${corpus.name} have names in (${[...new Set(known)].join(', ')})`,
    got: language,
    hint: 'Leave it out.',
  })
}
