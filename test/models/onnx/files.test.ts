import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { findTeacherFiles } from '../../../models/onnx/files.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test('the most precise files are taken; of one format both towers apart before both in one', async (t) => {
  const dir = await temporaryFolder(t)
  await mkdir(join(dir, 'onnx'))
  const path = (name: string) => join(dir, 'onnx', `${name}.onnx`)
  const add = (...names: string[]) => Promise.all(names.map((name) => writeFile(path(name), '')))
  await add('vision_model_quantized', 'text_model_quantized')
  const quantized = { vision: path('vision_model_quantized'), text: path('text_model_quantized') }
  t.deepEqual(await findTeacherFiles(dir), quantized)
  await add('model')
  t.deepEqual(await findTeacherFiles(dir), { combined: path('model') })
  t.deepEqual(await findTeacherFiles(dir, 'q8'), quantized)
  await add('vision_model', 'text_model')
  t.deepEqual(await findTeacherFiles(dir), { vision: path('vision_model'), text: path('text_model') })
})
