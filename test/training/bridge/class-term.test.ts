import test from 'ava'
import { addClassTerm } from '../../../training/bridge/class-term.ts'
import { centredUnit, classVectors, conceptTexts, meanClassTerm } from '../../../training/bridge/vectors.ts'
import { agree, close, gaussian } from '../../engine/oracle.ts'

const specs = {
  u: { dtype: 'float32' as const, shape: [1, 2] },
  logits: { dtype: 'float32' as const, shape: [1, 2] },
  'class.vectors': { dtype: 'float32' as const, shape: [2, 2] },
  'class.mean': { dtype: 'float32' as const, shape: [2] },
}

test('one picture and two classes, worked out by hand', async (t) => {
  // T = 2 and logits 2·ln 3, 0: shares 0.75 and 0.25. c = [0.75, 0.25], less its mean [0.5, 0]: [0.25, 0.25], unit √½[1, 1]. u' = n([1, 0] + 0.5·√½[1, 1]).
  const feeds = {
    u: Float32Array.of(1, 0),
    logits: Float32Array.of(2 * Math.log(3), 0),
    'class.vectors': Float32Array.of(1, 0, 0, 1),
    'class.mean': Float32Array.of(0.5, 0),
  }
  const { embedding } = await agree(t, (inputs) => ({ embedding: addClassTerm(inputs, inputs.u!, inputs.logits!, 0.5, 2) }), specs, feeds)
  const [x, y] = [1 + 0.5 * Math.SQRT1_2, 0.5 * Math.SQRT1_2]
  close(t, embedding!, [x / Math.hypot(x, y), y / Math.hypot(x, y)], 1e-6, 'embedding')
})

test('the mean term of a corpus is the mean of its pictures terms', (t) => {
  const [rows, classes, width] = [5, 4, 3]
  const logits = gaussian(rows * classes, 3)
  const vectors = gaussian(classes * width, 4)
  const mean = new Float64Array(width)
  for (let row = 0; row < rows; row++) {
    const weights = Array.from({ length: classes }, (_, k) => Math.exp(logits[row * classes + k]! / 2))
    const sum = weights.reduce((a, b) => a + b)
    for (let k = 0; k < classes; k++) for (let i = 0; i < width; i++) mean[i]! += (weights[k]! / sum / rows) * vectors[k * width + i]!
  }
  close(t, meanClassTerm(logits, vectors, classes, 2), mean, 1e-6, 'mean')
})

test('texts are freed of their mean, concepts and classes are unit means of theirs', (t) => {
  const z = centredUnit(Float32Array.of(4, 5, 1, 1, 1, 2), 2, Float32Array.of(1, 1))
  close(t, z, [0.6, 0.8, 0, 0, 0, 1], 1e-6, 'centred')
  // Weights 1 and 2: [0.6, 0.8] + 2·[0, 1] = [0.6, 2.8].
  const concept = { group: 'corpus' as const, texts: [0, 2], weights: [1, 2], pictures: [] }
  close(t, conceptTexts([concept], z, 2), [0.6 / Math.hypot(0.6, 2.8), 2.8 / Math.hypot(0.6, 2.8)], 1e-6, 'concept')
  close(
    t,
    classVectors(
      new Map([
        [1, [0]],
        [2, []],
      ]),
      3,
      z,
      2,
    ),
    [0, 0, 0.6, 0.8, 0, 0],
    1e-6,
    'classes',
  )
})
