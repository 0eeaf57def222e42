import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { findTeacherFiles } from '../models/onnx/files.ts'

/**
 * Returns how many bytes a process of its own needs for a folder's towers, at its peak, to open them and embed one image and one
 * text of eight tokens on one thread. Node and the tokenizer are not counted; what onnxruntime sets up for its first session is. The least of three runs: chance
 * only adds.
 */
export async function peakMemory(dir: string, imageSize: number, dtype?: ModelDtype): Promise<number> {
  const files = Object.values(await findTeacherFiles(dir, dtype))
  // Plain JavaScript: a compiler would leave freed memory behind, which a small model then lives in unseen.
  const program = `
    import ort from ${JSON.stringify(import.meta.resolve('onnxruntime-node'))}
    import { readFileSync, writeFileSync } from 'node:fs'
    // Not maxRSS on Linux: a process begins with that of the one that started it.
    const status = () => readFileSync('/proc/self/status', 'utf8')
    const peak = () => process.platform === 'linux' ? Number(/VmHWM:\\s+(\\d+)/.exec(status())[1]) : process.resourceUsage().maxRSS
    const feed = ({ name, type, shape }) => {
      const count = (dim, place) => typeof dim === 'number' && dim > 0 ? dim : place === 0 ? 1 : shape.length === 4 ? ${imageSize} : 8
      const dims = shape.map(count)
      const length = dims.reduce((a, b) => a * b, 1)
      const zeros = { float16: Uint16Array, float32: Float32Array }
      return [name, new ort.Tensor(type, type === 'int64' ? new BigInt64Array(length).fill(1n) : type === 'int32' ? new Int32Array(length).fill(1) : new zeros[type](length), dims)]
    }
    gc()
    try {
      writeFileSync('/proc/self/clear_refs', '5') // Linux: forget the peak of loading the program itself
    } catch {}
    const before = process.memoryUsage.rss()
    const sessions = []
    for (const file of ${JSON.stringify(files)}) {
      const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, logSeverityLevel: 3 })
      await session.run(Object.fromEntries(session.inputMetadata.map(feed)))
      sessions.push(session)
    }
    console.log(1024 * peak() - before)`
  const runs: number[] = []
  for (let run = 0; run < 3; run++) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '--eval', program], {
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    })
    runs.push(Number(stdout))
  }
  return Math.min(...runs)
}
