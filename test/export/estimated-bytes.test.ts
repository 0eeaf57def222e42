import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { estimatedBytes } from '../../export/estimated-bytes.ts'
import { exportFolder } from '../../export/package.ts'
import { parametersOf } from '../../models/dual-encoder.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { smallModel } from './small-model.ts'

test('the estimate is above what is written, and not far above', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const out = join(await temporaryFolder(t), 'out')
  for (const options of [
    { dtypes: ['fp32', 'fp16', 'q8', 'q4'] as const, ort: true },
    { dtypes: ['q8'] as const, leaveOut: ['combined', 'safetensors'] as const },
  ]) {
    const { dtypes, ort, leaveOut } = { ort: false, leaveOut: [], ...options }
    const settings = { dtypes: [...dtypes], ort, leaveOut: [...leaveOut] }
    await exportFolder(model, { tokenizerDir, out, threads: 1, ...settings })
    const files = (await readdir(out, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    const sizes = await Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size))
    const written = sizes.reduce((a, b) => a + b)
    const estimate = estimatedBytes(parametersOf(model), settings)
    t.true(estimate > written && estimate < 1.5 * written + 3e6, `${estimate} for ${written}`)
  }
})
