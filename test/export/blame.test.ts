import test from 'ava'
import { layersOf } from '../../export/blame.ts'

test('names the three layers with the largest share of the error', (t) => {
  const found = [4, 3, 2, 1].map((error, i) => ({ weight: `layers.${i}.mlp.fc1.weight_T`, error }))
  t.is(layersOf(found), 'layers with the largest share of the error: layers.0.mlp.fc1 (40 %), layers.1.mlp.fc1 (30 %), layers.2.mlp.fc1 (20 %)')
})

test('no layer left, and layers without an error: said in words, neither an empty list nor NaN %', (t) => {
  t.is(layersOf([]), 'all of its layers are in fp32 already')
  t.is(layersOf([{ weight: 'layers.0.mlp.fc1.weight_T', error: 0 }]), 'none of its layers alone changes an embedding')
})
