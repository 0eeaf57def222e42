import { z } from 'zod'
import { knownSets } from '../../eval/known-sets.ts'
import { runSettings } from '../../training/run-settings.ts'
import { alsoSetting, dataSettings, dtypeSetting, modelSetting, threadsSetting, verifySetting } from './shared.ts'

export const evaluateSettings = z.object({
  model: modelSetting('run, model folder (safetensors) or exported ONNX folder'),
  verify: verifySetting,
  ...dataSettings,
  teacher: z.string().optional().meta({ description: 'ONNX folder to compare with: adds retention', group: 'Teacher', usual: true, path: 'one' }),
  dtype: dtypeSetting.optional().meta({
    description: "files of an exported folder, or of a run's export (default: the most precise there are; of a run the trained student)",
    group: 'Evaluation',
    usual: true,
  }),
  protocol: z.array(z.string()).optional().meta({
    description: 'protocols to run (default: for emoji all, for a file its splits but train)',
    group: 'Evaluation',
    usual: true,
  }),
  knownSet: z
    .enum(Object.keys(knownSets) as [string, ...string[]])
    .optional()
    .meta({
      description: 'published test set that the corpus must be: its counts are checked, and only its split is measured',
      group: 'Evaluation',
      usual: true,
    }),
  also: alsoSetting,
  classLanguages: z.array(z.string()).default([]).meta({
    description: 'further languages of zero-shot classification; emoji classes have names in 28 (default: the languages of the captions)',
    group: 'Evaluation',
  }),
  out: z.string().meta({ description: 'folder for the report', group: 'Output', usual: true, decides: 'nothing' }),
  cacheDir: runSettings.shape.cacheDir,
  imageTimeout: runSettings.shape.imageTimeout,
  seed: z.int().default(1).meta({ description: 'seed of the bootstrap intervals', group: 'Evaluation' }),
  threads: threadsSetting,
})

export type EvaluateSettings = z.output<typeof evaluateSettings>
