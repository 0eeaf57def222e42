import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { exportFolder } from '../../export/package.ts'
import { writeModelFolder } from '../../models/folder.ts'
import { identifyModel, locateModel } from '../../models/open-model.ts'
import { smallModel } from '../export/small-model.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

test('which files a folder is opened by', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const dir = await temporaryFolder(t)
  const at = (...parts: string[]) => join(dir, ...parts)
  await writeModelFolder(at('run', 'student'), model, tokenizerDir)
  await exportFolder(model, { tokenizerDir, out: at('run', 'export'), dtypes: ['fp32', 'q8'], threads: 1, leaveOut: ['combined'] })
  await mkdir(at('flat'))
  for (const name of ['vision_model.onnx', 'text_model.onnx']) await rename(at('run', 'export', 'onnx', name), at('flat', name))

  const student = { kind: 'safetensors' as const, folder: at('run', 'student') }
  const exported = { kind: 'onnx' as const, folder: at('run', 'export') }
  t.deepEqual(await locateModel(at('run')), student, 'of a run the student')
  t.deepEqual(await locateModel(at('run', 'student')), student)
  t.deepEqual(await locateModel(at('run'), 'q8'), exported, 'or its export in a format')
  t.deepEqual(await locateModel(at('run', 'export')), exported, 'of an export the ONNX files, safetensors beside them or not')
  t.like(await locateModel(at('flat')), { kind: 'onnx', folder: at('flat') })
  t.is((await identifyModel(at('run'))).dtype, 'fp32')
  t.is((await identifyModel(at('run', 'export'))).dtype, 'q8', 'the most precise that is there')
  const expected = { expected: /an exported model with q4 files/, got: /.*student, which holds fp32 only/ }
  await throwsUserError(t, () => locateModel(at('run', 'student'), 'q4'), expected)
  await throwsUserError(t, () => locateModel(tokenizerDir), { expected: /a finished run, a model folder/ })
})
