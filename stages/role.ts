import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { trainedOn } from '../run/trained-on.ts'

/**
 * Whether a model is a teacher: one that the command teacher or bridge made, or an ONNX folder that no student was exported to. Exports of students hold
 * model.safetensors beside their ONNX files.
 * @param dir as it was named
 * @param folder where its files are
 */
export async function roleOf(dir: string, folder: string): Promise<'teacher' | 'student'> {
  const run = await trainedOn(dir)
  if (run) return ['teacher', 'bridge'].includes(run.command ?? '') ? 'teacher' : 'student'
  return existsSync(join(folder, 'model.safetensors')) ? 'student' : 'teacher'
}
