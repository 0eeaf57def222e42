import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { UserError } from '../../../base/errors.ts'
import { readPreprocessing, recolourOf } from '../../../models/onnx/preprocessing.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { throwsUserError } from '../../user-error.ts'

async function read(t: ExecutionContext, said: object, type = '', name = 'preprocessor_config.json') {
  const dir = await temporaryFolder(t)
  await writeFile(join(dir, name), JSON.stringify(said))
  return readPreprocessing(dir, { type })
}

const half = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] }
const clip = { image_processor_type: 'CLIPImageProcessor' }

test('what hub folders say of pictures', async (t) => {
  const framing = async (said: object, type = '') => {
    const { framing, size } = await read(t, { ...half, ...said }, type)
    return [framing.resize, Math.round(framing.zoom * (size ?? NaN)), size, framing.filter]
  }
  const square = (side: number) => ({ height: side, width: side })
  // OpenAI's of 2021, and as it is saved today
  t.deepEqual(await framing({ ...clip, size: 224, crop_size: 224, do_center_crop: true }), ['shortest', 224, 224, 'bicubic'])
  t.deepEqual(await framing({ ...clip, size: { shortest_edge: 224 }, crop_size: square(224), resample: 3 }), ['shortest', 224, 224, 'bicubic'])
  // AltCLIP at 336: resized larger than it is cut
  t.deepEqual(await framing({ ...clip, size: { shortest_edge: 384 }, crop_size: square(336), resample: 2 }), ['shortest', 384, 336, 'bilinear'])
  // Chinese-CLIP today and in 2022, MetaCLIP 2
  t.deepEqual(await framing({ image_processor_type: 'ChineseCLIPImageProcessor', size: square(224), do_center_crop: false }), [
    'stretch',
    224,
    224,
    'bicubic',
  ])
  t.deepEqual(await framing({ feature_extractor_type: 'ChineseCLIPFeatureExtractor', size: 224, do_center_crop: false }), [
    'stretch',
    224,
    224,
    'bicubic',
  ])
  t.deepEqual(await framing({ ...clip, size: square(224), do_center_crop: false }), ['stretch', 224, 224, 'bicubic'])
  // SigLIP and SigLIP 2 have no crop, and say nothing of it
  t.deepEqual(await framing({ image_processor_type: 'SiglipImageProcessor', size: square(256), resample: 2 }), ['stretch', 256, 256, 'bilinear'])
  t.deepEqual(await framing({ size: square(256), resample: 2 }, 'siglip2'), ['stretch', 256, 256, 'bilinear'])
  // jina-clip
  t.deepEqual(await framing({ size: 512, resize_mode: 'shortest', interpolation: 'bicubic' }, 'jina_clip'), ['shortest', 512, 512, 'bicubic'])
  t.deepEqual(await framing({ size: 512, resize_mode: 'longest', fill_color: 0 }), ['longest', 512, 512, 'bicubic'])
  t.deepEqual(await framing({ ...clip, size: { longest_edge: 224 }, crop_size: square(224) }), ['longest', 224, 224, 'bicubic'])
})

test("mean, deviation and rescaling are the folder's, under either key, or the processor's own", async (t) => {
  const silent = { size: 8, do_center_crop: true }
  t.deepEqual((await read(t, { ...silent, mean: [0.1, 0.2, 0.3], std: [1, 2, 3] })).std, [1, 2, 3])
  t.deepEqual((await read(t, silent, 'siglip')).mean, [0.5, 0.5, 0.5])
  t.is((await read(t, { ...silent, ...clip })).mean[0], 0.48145466)
  // (x − 127)/128: (1 − 127/255)/(128/255) = 1 for white, −127/128 for black; ours are (1 − 0.48145466)/0.26862954 and −0.48145466/0.26862954
  const towards = recolourOf(await read(t, { ...silent, image_mean: Array(3).fill(127 / 255), image_std: Array(3).fill(128 / 255) }))!
  const [scale, shift] = [towards.scale[0]!, towards.shift[0]!]
  t.true(Math.abs(((1 - 0.48145466) / 0.26862954) * scale + shift - 1) < 1e-6)
  t.true(Math.abs((-0.48145466 / 0.26862954) * scale + shift + 127 / 128) < 1e-6)
  const plain = recolourOf(await read(t, { ...silent, do_normalize: false }))!
  t.true(Math.abs((-0.48145466 / 0.26862954) * plain.scale[0]! + plain.shift[0]!) < 1e-6)
  t.is(recolourOf(await read(t, { ...silent, ...clip })), undefined)
})

test('transformers 5 writes processor_config.json alone', async (t) => {
  const said = { processor_class: 'SiglipProcessor', image_processor: { size: { height: 32, width: 32 } } }
  const found = await read(t, said, '', 'processor_config.json')
  t.like(found, { kind: 'SiglipProcessor', size: 32, mean: [0.5, 0.5, 0.5] })
})

test('what leaves open how pictures look is refused, and what is not done here', async (t) => {
  const refused = async (said: object, fields: Partial<Record<'where' | 'expected' | 'got', RegExp>>, type = '') => {
    const error = await t.throwsAsync(read(t, said, type), { instanceOf: UserError })
    for (const [field, pattern] of Object.entries(fields)) t.regex((error as UserError).fields[field as 'where'], pattern)
    t.is((error as UserError).exitCode, 2)
  }
  await refused({ size: 224 }, { where: /preprocessor_config\.json: image_mean$/, got: /nothing/ })
  await refused({ ...half, size: { height: 224, width: 112 } }, { where: /: size$/, expected: /of a square/, got: /"width":112/ })
  await refused({ ...half, size: 64, do_center_crop: true, crop_size: { height: 64, width: 32 } }, { where: /: crop_size$/ })
  await refused({ ...half, size: { shortest_edge: 64 }, do_center_crop: false }, { expected: /do_center_crop/, got: /different shapes/ })
  await refused({ ...half, size: 64, do_resize: false }, { where: /do_resize/ })
  await refused({ ...half, max_num_patches: 256 }, { where: /max_num_patches/ })
  await refused({ ...half, size: 64, resample: 9 }, { where: /: resample$/ })
  const empty = await temporaryFolder(t)
  await throwsUserError(t, () => readPreprocessing(empty, { type: 'chinese_clip' }), { got: /neither, and a model of type chinese_clip/ })
  t.is((await readPreprocessing(empty, { type: 'clip', imageSize: 48 })).size, 48)
})
