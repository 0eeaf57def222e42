import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ModelDtype } from '../models/teachers/teacher-files.ts'

/**
 * Returns how many bytes a process of its own needs for both towers of an exported folder, at its peak, to embed one image and one
 * text on one thread; what Node and onnxruntime take without a model is not counted. The least of three runs: chance only adds.
 */
export async function peakMemory(dir: string, dtype?: ModelDtype): Promise<number> {
  const module = new URL('../models/teachers/onnx-folder.ts', import.meta.url).href
  const program = `
    import { writeFileSync } from 'node:fs'
    const { openTeacher } = await import(${JSON.stringify(module)})
    gc()
    try {
      writeFileSync('/proc/self/clear_refs', '5') // Linux: forget the peak of loading the program itself
    } catch {}
    const before = process.resourceUsage().maxRSS
    const encoder = await openTeacher(${JSON.stringify(dir)}, { threads: 1, dtype: ${JSON.stringify(dtype)} })
    await encoder.encodeImages(new Float32Array(3 * encoder.imageSize ** 2), 1)
    await encoder.encodeTexts(['a red apple'])
    console.log(1024 * (process.resourceUsage().maxRSS - before))`
  const tsx = import.meta.resolve('tsx')
  const measure = async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', `--import=${tsx}`, '--input-type=module', '--eval', program])
    return Number(stdout)
  }
  return Math.min(await measure(), await measure(), await measure())
}
