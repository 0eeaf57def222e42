import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { inspectionLines } from '../../cli/inspect.ts'
import { inspectTeacher } from '../../stages/inspect.ts'
import { dim, imageTower, rows, side, textTower, tinyFolder } from '../models/onnx/tiny.ts'

test('a folder is described as a teacher', async (t) => {
  const dir = await tinyFolder(t, { files: { 'onnx/vision_model': imageTower(), 'onnx/text_model_uint8': textTower() } })
  const found = await inspectTeacher(dir, { threads: 1 })
  t.like(found, { embedDim: dim, logitScale: 100, image: { size: side }, text: { context: rows, isFull: true } })
  t.deepEqual(
    found.towers.map(({ tower, format, output }) => [tower, format, output]),
    [
      ['image', 'fp32', 'image_embeds'],
      ['text', 'uint8', 'text_embeds'],
    ],
  )
  t.is(found.spelled.zh, 1, 'bytes spell every language')
  for (const { imageToText, textToImage } of Object.values(found.sanity)) t.true(imageToText <= 10 && textToImage <= 10)
  const lines = inspectionLines(found).join('\n')
  t.regex(lines, /pictures: 4 × 4; shorter side to 4, bicubic, centre crop to 4 × 4/)
  t.regex(lines, /texts: up to 20 tokens, always filled up to that length/)
  t.regex(lines, /Chinese +\d+ of 10 pictures find their name/)
})

test('what could not be a teacher comes with the reason', async (t) => {
  const files = { 'onnx/vision_model': imageTower('pooler_output'), 'onnx/text_model': textTower('pooler_output') }
  const error = await t.throwsAsync(inspectTeacher(await tinyFolder(t, { files })), { instanceOf: UserError })
  t.is((error as UserError).exitCode, 2)
  t.regex(error!.message, /pooler_output is not projected/)
})
