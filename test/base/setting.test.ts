import test from 'ava'
import { z } from 'zod'
import { effectiveDefaults, withPresets } from '../../base/setting.ts'

const stage = z.object({
  keep: z
    .boolean()
    .default(false)
    .meta({ presets: { true: { size: 'large' } } }),
  size: z.string().default('small'),
  steps: z.int().default(100),
})
const schema = z.object({
  quick: z
    .boolean()
    .default(false)
    .meta({ presets: { true: { stage: { steps: 5 } } } }),
  teacher: z
    .string()
    .default('ours')
    .meta({ presets: { ours: { stage: { keep: true, steps: 50 } } } }),
  stage: stage.prefault({}),
})
const parsed = (given: Record<string, unknown>) => schema.parse(withPresets(schema, given)).stage

test('presets fill what is not given: by a default, by a value, by what another preset set; what stands first wins', (t) => {
  t.deepEqual(parsed({}), { keep: true, size: 'large', steps: 50 })
  t.deepEqual(parsed({ quick: true }), { keep: true, size: 'large', steps: 5 })
  t.deepEqual(parsed({ teacher: 'theirs' }), { keep: false, size: 'small', steps: 100 })
  t.deepEqual(parsed({ quick: true, stage: { keep: false, steps: 7 } }), { keep: false, size: 'small', steps: 7 })
  t.deepEqual(parsed({ teacher: 'theirs', stage: { keep: true, size: 'huge' } }), { keep: true, size: 'huge', steps: 100 })
})

test('a preset for any value', (t) => {
  const folder = z.object({
    images: z
      .string()
      .optional()
      .meta({ presets: { none: { steps: 1 }, '*': { steps: 7 } } }),
    steps: z.int().default(100),
  })
  const steps = (images?: string) => folder.parse(withPresets(folder, { images })).steps
  t.deepEqual([steps(), steps('none'), steps('photos')], [100, 1, 7])
})

test('defaults as help shows them', (t) => {
  t.deepEqual(
    [...effectiveDefaults(schema)],
    [
      ['quick', false],
      ['teacher', 'ours'],
      ['stage.keep', true],
      ['stage.size', 'large'],
      ['stage.steps', 50],
    ],
  )
})
