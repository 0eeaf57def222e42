import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { roleOf } from '../../stages/role.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('a model is a teacher where the command teacher made it, or where it is an ONNX folder without the files of a student', async (t) => {
  const dir = await temporaryFolder(t)
  const folder = async (name: string, files: Record<string, string>) => {
    await mkdir(join(dir, name, 'onnx'), { recursive: true })
    for (const [file, text] of Object.entries(files)) await writeFile(join(dir, name, file), text)
    return roleOf(join(dir, name), join(dir, name))
  }
  t.is(await folder('clip', { 'onnx/model.onnx': '', 'config.json': '{"model_type": "clip"}' }), 'teacher')
  t.is(await folder('student', { 'onnx/model.onnx': '', 'config.json': '{}', 'model.safetensors': '' }), 'student')
  t.is(await folder('run', { 'config.json': '{"command": "teacher"}', 'model.safetensors': '' }), 'teacher')
  t.is(await folder('run/export', { 'onnx/text_model.onnx': '' }), 'teacher', 'the export of a run of the command teacher')
  t.is(await folder('two', { 'config.json': '{"command": "stage2"}' }), 'student')
  t.is(await folder('two/export', { 'onnx/text_model.onnx': '' }), 'student', 'the export of a run that trained a student')
})
