import { z } from 'zod'
import { presetNames } from '../models/config.ts'
import { rampSetting, trainSettings } from './settings.ts'
import { tokenizerSettings } from './tokenizer-settings.ts'

/** A teacher from random weights. */
export const teacherSettings = trainSettings.extend({
  size: z
    .enum(presetNames)
    .default('base')
    .meta({ description: 'size of the model', group: 'Model', usual: true, aliases: ['student'] }),
  objective: z.string().default('task:1,anchor:1').meta({ description: 'objectives with their weights', group: 'Objectives', usual: true }),
  embedDim: z.int().positive().default(256).meta({ description: 'dimension of the joint embedding', group: 'Model' }),
  ...tokenizerSettings.shape,
  steps: trainSettings.shape.steps.default(3400),
  batchSize: trainSettings.shape.batchSize.default(128),
  learningRate: trainSettings.shape.learningRate.default(1e-3),
  warmup: trainSettings.shape.warmup.default(200),
  keepPatches: trainSettings.shape.keepPatches.unwrap().default(0.5),
  unmaskedTail: trainSettings.shape.unmaskedTail.unwrap().default(0.1),
  ramp: rampSetting.default(0.5),
})

export type TeacherSettings = z.output<typeof teacherSettings>
