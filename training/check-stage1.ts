import { UserError } from '../base/errors.ts'
import { flagOf } from '../base/setting.ts'
import { requireDevice } from '../engine/compile.ts'
import { preset } from '../models/config.ts'
import { checkKept } from './check-kept.ts'
import { checkMicroBatch } from './check-micro-batch.ts'
import { checkPictures } from './check-pictures.ts'
import { checkTexts } from './check-texts.ts'
import { comparedLayers, innerTowers } from './objectives/inner-layers.ts'
import type { Weights } from './objectives/objective.ts'
import { defaultObjectiveSettings, type ObjectiveSettings, settingObjective } from './objectives/settings.ts'
import { needs, parseObjectives } from './objectives/table.ts'
import { shrinkDetails, shrinkSettingsOf } from './shrink/settings.ts'
import type { Stage1Settings } from './stage1-settings.ts'

/** @throws UserError for objectives that cannot be read, and for settings that nothing would come of: call it before a run has a folder */
export function checkStage1(settings: Stage1Settings, teacherScale?: number): Weights {
  const { objective } = settings
  requireDevice(settings)
  const weights = parseObjectives(objective)
  checkMicroBatch(settings, weights)
  checkTexts(settings)
  const pictureWeights = checkPictures(settings)
  if (settings.keepImageTower) checkKept(settings, weights, pictureWeights)
  else preset(settings.student, { vocabSize: 1 }) // the size of a text tower alone is one with --keep-image-tower only
  const readsLayers = innerTowers(weights).length > 0
  const hasGates = (['image', 'text'] as const).some((tower) => comparedLayers(weights, tower).includes('gates'))
  const given = shrinkDetails.find((name) => settings[name] !== undefined && (!settings.shrink || (name !== 'lasso' && !hasGates)))
  if (given) {
    const expected = settings.shrink ? 'objective gates, whose teacher shows which channels are useless' : '--shrink'
    throw new UserError({ where: flagOf(given), expected, got: 'none', hint: 'Add it, or leave this flag out.' })
  }
  const refuse = (flag: string, expected: string) => {
    throw new UserError({ where: flagOf(flag), expected, got: objective, hint: 'Add one to --objective, or leave this flag out.' })
  }
  if (settings.innerTeacher && !readsLayers) refuse('innerTeacher', 'an objective that looks into it (hidden, attention, gates)')
  if ((settings.ensemble ?? settings.specialists) && !needs(weights, 'teacher'))
    refuse(settings.ensemble ? 'ensemble' : 'specialists', 'an objective that uses teacher features (fd, crd, icl, …)')
  if (settings.features !== undefined && !needs(weights, 'teacher')) refuse('features', 'an objective that uses teacher features (fd, crd, icl, …)')
  if (settings.features !== undefined && settings.targets !== 'plain') {
    const hint = 'Add it: features that were computed elsewhere are of pictures as they are.'
    throw new UserError({ where: `--features ${settings.features}`, expected: '--targets plain', got: settings.targets, hint })
  }
  if (settings.pivot && !needs(weights, 'teacher')) refuse('pivot', 'an objective that uses teacher features (fd, crd, icl, …)')
  if (settings.classColumn && !needs(weights, 'classes') && !needs(weights, 'centroids'))
    refuse('classColumn', 'an objective of classes (class-embed, anchor)')
  if (settings.targets === 'plain') requireStoredTargets(settings, weights)
  else if (settings.ramp > 0) {
    const hint = 'Add it: augmentations whose features are stored are drawn once, at full strength.'
    throw new UserError({ where: `--ramp ${settings.ramp}`, expected: '--targets plain', got: settings.targets, hint })
  }
  if (settings.variants === 0 && needs(weights, 'centroids')) {
    const hint = 'Store its features: --variants 1 or more.'
    throw new UserError({ where: '--objective class-embed', expected: 'stored features, whose means it takes', got: '--variants 0', hint })
  }
  if (teacherScale !== undefined && !settings.ensemble && !('crd' in weights) && !('gd' in weights))
    refuse('teacherScale', 'an objective of similarities (crd, gd), or --ensemble')
  if (settings.shrink && hasGates) requireReset(settings)
  const isUsed = (family: string) => Object.keys(weights).some((name) => name === family || name.startsWith(`${family}-`))
  for (const [name, family] of Object.entries(settingObjective) as [keyof ObjectiveSettings, string][])
    if (settings[name] !== defaultObjectiveSettings[name] && !isUsed(family)) refuse(name, `the objective ${family}, which it is for`)
  return weights
}

/** @throws UserError where there are no stored features of plain images, or what is compared is not of one picture */
function requireStoredTargets({ variants }: Stage1Settings, weights: Weights): void {
  const layers = comparedLayers(weights, 'image')
  const refuse = (expected: string, got: string, hint: string) => {
    throw new UserError({ where: '--targets plain', expected, got, hint })
  }
  if (variants === 0) refuse('stored features', '--variants 0', 'Set --variants 1 or more: every so many epochs the student sees the plain image.')
  if (layers.length > 0)
    refuse('objectives that compare embeddings of images', layers.join(' and '), 'Use --targets augmented, or distil features (fd) instead.')
}

/** @throws UserError where nothing is stored that could be looked through, and where no look for useless channels comes late enough to be one and early enough for them to fade */
function requireReset(settings: Stage1Settings): void {
  if (settings.variants === 0) {
    throw new UserError({
      where: '--shrink',
      expected: "the teacher's features stored, so that its latest ones can be looked through",
      got: '--variants 0',
      hint: 'Set --variants 1 or more, or leave gates out of --objective: the lasso alone needs no teacher.',
    })
  }
  const { resetFrom, resetEvery, fade } = shrinkSettingsOf(settings)
  const { steps } = settings
  const last = Math.floor((steps - fade) / resetEvery) * resetEvery
  if (last >= Math.max(1, Math.floor(resetFrom * steps))) return
  const hint = 'Train for more --steps, or set a shorter --fade, an earlier --reset-from or a smaller --reset-every.'
  const got = `--fade ${fade}, --reset-every ${resetEvery}, --reset-from ${resetFrom.toFixed(2)} and --steps ${steps}`
  throw new UserError({ where: '--shrink', expected: 'a look for useless channels, and steps enough for them to fade', got, hint })
}
