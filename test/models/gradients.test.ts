import test from 'ava'
import { compile } from '../../engine/compile.ts'
import { gradientOf } from '../../engine/gradients.ts'
import type { Weights } from '../../training/objectives/objective.ts'
import type { StepShape } from '../../training/step-shape.ts'
import { agree, gaussian, threads } from '../engine/oracle.ts'
import { tinyShape, tinyStep } from './tiny.ts'

const every: Weights = { task: 1, fd: 0.5, crd: 0.7, 'smooth-l1': 0.3 }
const steps: Record<string, StepShape> = {
  'all patches': tinyShape,
  'dropped patches': { ...tinyShape, keepPatches: 0.5 },
}

for (const [name, shape] of Object.entries(steps)) {
  test(`dual encoder, ${name}: compiled loss and gradients as eager`, async (t) => {
    const { fn, specs, feeds, params } = tinyStep(every, shape)
    const results = await agree(t, fn, specs, feeds)
    t.deepEqual(Object.keys(results).sort(), ['loss', ...Object.keys(every), ...Object.keys(params).map(gradientOf)].sort())
  })

  test(`dual encoder, ${name}: gradients are the loss's slopes`, async (t) => {
    const { fn, specs, feeds, params } = tinyStep(every, shape)
    const step = await compile(fn, specs, { threads })
    const results = await step.run(feeds)
    for (const [i, key] of Object.keys(params).entries()) {
      // Along one random direction a tensor; the loss is about 4 in float32, which leaves some 1e-4 of noise.
      const gradient = results[gradientOf(key)]!
      const direction = gaussian(gradient.length, 13, i)
      const along = (by: number) => step.run({ ...feeds, [key]: params[key]!.data.map((value, j) => value + by * direction[j]!) })
      const epsilon = 4e-3 / Math.hypot(...direction)
      const slope = ((await along(epsilon)).loss![0]! - (await along(-epsilon)).loss![0]!) / 8e-3
      const expected = gradient.reduce((sum, value, j) => sum + value * direction[j]!, 0) / Math.hypot(...direction)
      t.true(Math.abs(slope - expected) < 3e-4 + 0.01 * Math.abs(expected), `${key}: slope ${slope}, gradient ${expected}`)
    }
    await step.release()
  })
}

test('a loss without a temperature leaves logit_scale without a gradient', async (t) => {
  const { fn, specs, feeds, params } = tinyStep({ fd: 1 })
  const results = await agree(t, fn, specs, feeds)
  t.deepEqual(
    Object.keys(params).filter((name) => !results[gradientOf(name)]),
    ['logit_scale'],
  )
})
