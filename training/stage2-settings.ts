import type { z } from 'zod'
import { textShareSettings } from './pool-settings.ts'
import { rampSetting, trainSettings } from './settings.ts'

export const stage2Settings = trainSettings.extend({
  steps: trainSettings.shape.steps.default(150),
  batchSize: trainSettings.shape.batchSize.default(256),
  learningRate: trainSettings.shape.learningRate.default(3e-4),
  // Names and drawings as they are: strong style changes teach nothing new here and cost recall (docs/log.md).
  augmentation: trainSettings.shape.augmentation.unwrap().default('mild'),
  warmup: trainSettings.shape.warmup.default(20),
  ramp: rampSetting.default(0),
  ...textShareSettings.shape,
})

export type Stage2Settings = z.output<typeof stage2Settings>
