import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { languageOf } from '../corpora/language.ts'
import { requireDevice } from '../engine/compile.ts'
import { isSize, sizeForm, usualStudent } from '../models/config.ts'
import { comparedLayers, innerTowers } from './objectives/inner-layers.ts'
import type { Weights } from './objectives/objective.ts'
import { defaultObjectiveSettings, listeners, type ObjectiveSettings, objectiveSettings } from './objectives/settings.ts'
import { needs, parseObjectives } from './objectives/table.ts'
import { trainSettings } from './settings.ts'
import { capacityOf, capacitySettings } from './shrink/settings.ts'
import { tokenizerAlgorithm } from './tokenizer.ts'

export const stage1Settings = trainSettings.extend({
  student: z.string().refine(isSize, sizeForm).default(usualStudent).describe(`size of the student: ${sizeForm}`),
  objective: z.string().default('task:2,fd:4,crd:1,icl:1').describe('distillation objectives with their weights'),
  embedDim: z.int().positive().optional().describe("dimension of the student's embedding (default: the teacher's)"),
  patchSize: z
    .int()
    .positive()
    .optional()
    .describe('side of the image patches, pixels (default: 8, or for images above 64 px an eighth of theirs: 64 patches)'),
  variants: z.int().min(0).default(6).describe('augmented versions of every image that the teacher embeds once (0: it runs at every step)'),
  ensemble: z.array(z.string()).optional().describe('further teachers that teach together with the first: DIR or DIR:WEIGHT'),
  specialists: z.array(z.string()).optional().describe('teachers that take over languages: LANG=DIR, zh+ja=DIR:WEIGHT'),
  classColumn: z.string().optional().describe('column that class-embed and anchor take classes from (default: class; for emoji the concept)'),
  init: z.string().optional().describe('run or model folder of a student to begin with (its size and tokenizer hold)'),
  inherit: z.string().optional().describe('run or model folder of a larger student whose weights the new one is cut from'),
  pivot: z
    .string()
    .overwrite((language) => languageOf(language, '--pivot'))
    .optional()
    .describe('language whose captions the teacher reads for all languages (for one that knows no other)'),
  innerTeacher: z.string().optional().describe('model folder or export that hidden, attention and gates look into'),
  tokenizer: z.string().optional().describe('folder of a tokenizer (default: one is trained on the captions)'),
  vocabSize: z.int().min(260).default(6000).describe('vocabulary of the trained tokenizer'),
  contextLength: z.int().min(3).optional().describe('tokens that captions are cut at, by the trained tokenizer (default: 32)'),
  tokenizerAlgorithm,
  steps: trainSettings.shape.steps.default(1700),
  unmaskedTail: trainSettings.shape.unmaskedTail.unwrap().default(0.1),
  keepPatches: trainSettings.shape.keepPatches.unwrap().default(0.5),
  batchSize: trainSettings.shape.batchSize.default(256),
  learningRate: trainSettings.shape.learningRate.default(2e-3),
  warmup: trainSettings.shape.warmup.default(100),
  ...objectiveSettings.shape,
  ...capacitySettings.shape,
})
export type Stage1Settings = z.output<typeof stage1Settings>

/** @throws UserError for objectives that cannot be read, and for settings that nothing would come of: best asked before a run has a folder */
export function checkStage1(settings: Stage1Settings, teacherScale?: number): Weights {
  const { objective } = settings
  requireDevice(settings)
  requireUnset(settings, ['ramp'], 'in stage 1, which shows images as the teacher saw them (--strength makes augmentations milder)')
  const weights = parseObjectives(objective)
  const looks = innerTowers(weights).length > 0
  const hasGates = (['image', 'text'] as const).some((tower) => comparedLayers(weights, tower).includes('gates'))
  const shrinking = ['lasso', 'fade', 'resetFrom', 'resetEvery', 'resetItems', 'resetQueue', 'resetNeighbours', 'resetShare'] as const
  const given = shrinking.find((name) => settings[name] !== undefined && (!settings.shrink || (name !== 'lasso' && !hasGates)))
  if (given) {
    const expected = settings.shrink ? 'objective gates, whose teacher tells useless channels' : '--shrink'
    throw new UserError({ where: `--${given}`, expected, got: 'none', hint: 'Add it, or leave this flag out.' })
  }
  const refuse = (flag: string, expected: string) => {
    throw new UserError({ where: `--${flag}`, expected, got: objective, hint: 'Add one to --objective, or leave this flag out.' })
  }
  if (settings.innerTeacher && !looks) refuse('innerTeacher', 'an objective that looks into it (hidden, attention, gates)')
  if ((settings.ensemble ?? settings.specialists) && !needs(weights, 'teacher'))
    refuse(settings.ensemble ? 'ensemble' : 'specialists', 'an objective that listens to teachers (fd, crd, icl, …)')
  if (settings.pivot && !needs(weights, 'teacher')) refuse('pivot', 'an objective that listens to teachers (fd, crd, icl, …)')
  if (settings.classColumn && !needs(weights, 'classes') && !needs(weights, 'centroids'))
    refuse('classColumn', 'an objective of classes (class-embed, anchor)')
  if (settings.variants === 0 && needs(weights, 'centroids')) {
    const hint = 'Store its features: --variants 1 or more.'
    throw new UserError({ where: '--objective class-embed', expected: 'stored features, whose means it takes', got: '--variants 0', hint })
  }
  if (teacherScale !== undefined && !settings.ensemble && !('crd' in weights) && !('gd' in weights))
    refuse('teacherScale', 'an objective of similarities (crd, gd), or --ensemble')
  if (settings.shrink && hasGates) requireLook(settings)
  const isUsed = (family: string) => Object.keys(weights).some((name) => name === family || name.startsWith(`${family}-`))
  for (const [name, family] of Object.entries(listeners) as [keyof ObjectiveSettings, string][])
    if (settings[name] !== defaultObjectiveSettings[name] && !isUsed(family)) refuse(name, `the objective ${family}, which it is for`)
  return weights
}

/** @throws UserError where nothing is stored that could be looked through, and where no look for useless channels comes late enough to be one and early enough for them to fade */
function requireLook(settings: Stage1Settings): void {
  if (settings.variants === 0) {
    throw new UserError({
      where: '--shrink',
      expected: "the teacher's features stored, so that its latest ones can be looked through",
      got: '--variants 0',
      hint: 'Set --variants 1 or more, or leave gates out of --objective: the lasso alone needs no teacher.',
    })
  }
  const { resetFrom, resetEvery, fade } = capacityOf(settings)
  const { steps } = settings
  const last = Math.floor((steps - fade) / resetEvery) * resetEvery
  if (last >= Math.max(1, Math.floor(resetFrom * steps))) return
  const hint = 'Train for more --steps, or set a shorter --fade, an earlier --resetFrom or a smaller --resetEvery.'
  const got = `--fade ${fade}, --resetEvery ${resetEvery}, --resetFrom ${resetFrom.toFixed(2)} and --steps ${steps}`
  throw new UserError({ where: '--shrink', expected: 'a look for useless channels, and steps enough for them to fade', got, hint })
}

/** @throws UserError for the first of these flags that is not at its default: where nothing listens to it */
export function requireUnset(settings: Stage1Settings, flags: (keyof Stage1Settings)[], where: string): void {
  const usual = stage1Settings.parse({})
  const flag = flags.find((name) => settings[name] !== usual[name])
  if (flag) throw new UserError({ where: `--${flag}`, expected: `none ${where}`, got: `${settings[flag]}`, hint: 'Leave it out.' })
}
