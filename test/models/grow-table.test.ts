import test from 'ava'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { growTable } from '../../models/grow-table.ts'

const table = 'text_model.embeddings.token_embedding.weight'
const tower = { hidden_size: 2, intermediate_size: 4, num_hidden_layers: 1, num_attention_heads: 1 }
const config = {
  projection_dim: 2,
  vision_config: { ...tower, image_size: 8, patch_size: 8 },
  text_config: { ...tower, vocab_size: 5, max_position_embeddings: 4 },
}

test('new rows are means of old ones; rows that no token had yet are taken first', (t) => {
  const model = createDualEncoder(config, 1)
  model.params[table]!.data.set([0, 0, 1, 2, 3, 6, 5, 5, 9, 9])
  const pieces = [
    [1, 2],
    [1, 1, 3],
  ]
  const { config: grown, params } = growTable(model, 4, pieces, [])
  t.is(grown.text_config.vocab_size, 6)
  t.deepEqual(params[table], { shape: [6, 2], data: Float32Array.of(0, 0, 1, 2, 3, 6, 5, 5, 2, 4, 7 / 3, 3) })
  t.is(model.params[table]!.data.length, 10, 'the model that was given is as it was')
  t.is(params.logit_scale, model.params.logit_scale)
})

test('new rows are fitted to counterparts: a word of several texts settles between them, known tokens beside it stay', (t) => {
  const model = createDualEncoder(config, 1)
  model.params[table]!.data.set([0, 0, 1, 0, 0, 1, 0, 3, 9, 9])
  const pairs = [
    { text: [5], counterpart: [1] }, // row 5 is (1, 0)
    { text: [6, 3], counterpart: [2] }, // (row 6 + (0, 3)) / 2 = (0, 1): row 6 is (0, -1)
    { text: [7], counterpart: [1] },
    { text: [7], counterpart: [2] }, // between both
    { text: [3], counterpart: [1] }, // nothing new in it
  ]
  const { data } = growTable(model, 5, [[1], [1], [1]], pairs).params[table]!
  const near = (id: number, x: number, y: number, by: number) => t.true(Math.hypot(data[2 * id]! - x, data[2 * id + 1]! - y) < by, `${id}: ${data}`)
  near(5, 1, 0, 0.01)
  near(6, 0, -1, 0.05)
  near(7, 0.5, 0.5, 0.05)
  t.deepEqual(data.subarray(0, 10), model.params[table]!.data)
})
