import { z } from 'zod'
import { openCorpus } from '../corpora/open.ts'
import { requireDevice } from '../engine/compile.ts'
import { requireValidation } from '../eval/validation.ts'
import { findModel } from '../models/find-model.ts'
import { readModelFolder } from '../models/folder.ts'
import { openRunData, usualData } from '../run/run-data.ts'
import { inRunFolder } from '../run/run-folder.ts'
import { trainedOn } from '../run/trained-on.ts'
import { runStage2, stage2Settings } from '../stages/stage2.ts'
import type { Command } from './command.ts'
import { commandLine } from './command-line.ts'
import { evaluate } from './evaluate.ts'
import { dataOptions, runOptions } from './options.ts'

const schema = stage2Settings.extend({
  ...dataOptions,
  from: z.string().describe('run or model folder that stage 1 left'),
  pairs: z
    .string()
    .optional()
    .describe(
      'file of clean pairs, whose train split is learnt: without a split column, 80 % of it; --imagesDir holds for it, too (default: emoji names; for a file its own train split)',
    ),
  out: z.string().default('runs/stage2').describe('run folder'),
  ...runOptions,
})

export const stage2: Command<typeof schema> = {
  name: 'stage2',
  description: 'Stage 2: align images and texts contrastively on a small clean pair set, all languages at every step.',
  schema,
  async run(config) {
    const { from, pairs, out, cacheDir, resume, force } = config
    requireDevice(config)
    const tokenizerDir = findModel(from)
    const { open, ...data } = await openRunData(config, await trainedOn(from), usualData)
    const { languages } = data
    requireValidation(open, languages)
    const pairSet = pairs ? (await openCorpus(pairs, { languages, imagesDir: config.imagesDir })).corpus : undefined
    const model = await readModelFolder(tokenizerDir)
    const settings = stage2Settings.parse(config)
    await inRunFolder(out, { command: 'stage2', ...config, ...data }, { resume, force }, () =>
      runStage2({ open, pairs: pairSet, languages, model, tokenizerDir, settings, dir: out, cacheDir, resume }),
    )
    console.log(`Student in ${out}/student. Next: ${commandLine(evaluate, { model: out, out })}`)
  },
}
