import test from 'ava'
import { classSteps, moments } from '../../../training/bridge/pseudo-features.ts'
import { close, gaussian, threads } from '../../engine/oracle.ts'

test('mean and covariance of four rows, worked out by hand', async (t) => {
  // Columns 1, 3, 5, 7 (mean 4, variance 5) and 2, 2, 4, 4 (mean 3, variance 1); products of deviations 3, 1, 1, 3.
  const { mean, covariance } = await moments(Float32Array.of(1, 2, 3, 2, 5, 4, 7, 4), 2, { threads })
  t.deepEqual([...mean], [4, 3])
  close(t, covariance, [5, 2, 2, 1], 1e-6, 'covariance')
})

test('two classes in two dimensions, worked out by hand', async (t) => {
  // Rows ±[1, 0] about their mean; Σ + ρ·tr(Σ)/2·I = [[2, 1], [1, 3]] + 1·2.5·I = [[4.5, 1], [1, 5.5]]; slope 4.5; rise 9 doubles the step.
  const classifier = { weight: Float32Array.of(2, 1, 0, 1), classes: 2, features: 2 }
  const steps = await classSteps(classifier, { covariance: Float32Array.of(2, 1, 1, 3), ridge: 1, rise: 9 }, { threads })
  close(t, steps, [9, 2, -9, -2], 1e-6, 'steps')
})

test('the centred logit of a class rises by exactly what is asked, whatever the covariance', async (t) => {
  const [classes, features] = [7, 12]
  const weight = gaussian(classes * features, 1)
  const { covariance } = await moments(gaussian(40 * features, 2), features, { threads })
  const steps = await classSteps({ weight, classes, features }, { covariance, ridge: 5, rise: 12 }, { threads })
  for (let k = 0; k < classes; k++) {
    let rise = 0
    for (let i = 0; i < features; i++) {
      let mean = 0
      for (let c = 0; c < classes; c++) mean += weight[c * features + i]! / classes
      rise += (weight[k * features + i]! - mean) * steps[k * features + i]!
    }
    close(t, [rise], [12], 1e-5, `class ${k}`)
  }
})

test('a class whose row is the mean row has no direction', async (t) => {
  const steps = await classSteps(
    { weight: Float32Array.of(1, 1, 1, 1), classes: 2, features: 2 },
    { covariance: Float32Array.of(1, 0, 0, 1), ridge: 5, rise: 12 },
    { threads },
  )
  t.deepEqual([...steps], [0, 0, 0, 0])
})
