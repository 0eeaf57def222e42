import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { isSize, preset } from '../../models/config.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'

test('a size names width and layers of both towers; heads have about 64 channels', (t) => {
  const { vision_config: vision, text_config: text } = preset('160x3-96x2', { vocabSize: 300 })
  t.deepEqual([vision.hidden_size, vision.intermediate_size, vision.num_hidden_layers, vision.num_attention_heads], [160, 640, 3, 2])
  t.deepEqual([text.hidden_size, text.intermediate_size, text.num_hidden_layers, text.num_attention_heads], [96, 384, 2, 2])
  t.is(preset('33x1-24x1', { vocabSize: 300 }).vision_config.num_attention_heads, 1)
  t.is(preset('320x1-176x1', { vocabSize: 300 }).vision_config.num_attention_heads, 5)
  t.is(preset('320x1-175x1', { vocabSize: 300 }).text_config.num_attention_heads, 1, 'heads divide the width')
  t.deepEqual(preset('128x3-128x2', { vocabSize: 300 }), preset('tiny', { vocabSize: 300 }))
})

test('sizes that are none are refused where they are given', (t) => {
  t.throws(() => preset('128x3', { vocabSize: 300 }), { instanceOf: UserError }, 'a text tower alone is no student of two')
  for (const size of ['huge', '128', '0x3-96x2', '128x3-96x2x2', '-128x3-96x2', 'toString']) {
    t.false(isSize(size), size)
    t.throws(() => preset(size, { vocabSize: 300 }), { instanceOf: UserError }, size)
    t.regex(stage1Settings.safeParse({ student: size }).error!.message, /160x3-96x2/, size)
  }
})
