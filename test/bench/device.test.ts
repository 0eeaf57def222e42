import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { nodeArguments } from '../../base/own-modules.ts'
import { packageRoot } from '../../base/package-root.ts'

/** Vulkan in software, as Debian's chromium brings it; VK_ICD_FILENAMES names another one. */
const driver = process.env.VK_ICD_FILENAMES ?? '/usr/lib/chromium/vk_swiftshader_icd.json'
const main = join(packageRoot(), 'bench', 'main.ts')
const small = ['--batch-size', '2', '--text-length', '4', '--vocab-size', '64', '--steps', '0', '--threads', '1']

/** The dynamic linker reads LD_LIBRARY_PATH when a process starts: Vulkan's loader lies beside that driver. */
function bench(device: string) {
  const env = { ...process.env, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: dirname(driver) }
  return promisify(execFile)(process.execPath, [...nodeArguments(), main, 'device', '--device', device, ...small], { env })
}

if (existsSync(driver)) {
  test('webgpu: a step of each stage, gradients as on the processor, no node falls back to it', async (t) => {
    t.timeout(600_000)
    const { stdout } = await bench('webgpu')
    for (const stage of ['stage 1', 'stage 2']) {
      const [, difference, fallen] = stdout.match(
        new RegExp(`^${stage}, .*: gradients differ by at most (\\S+) .*nodes on the processor: (.*)$`, 'm'),
      )!
      t.true(Number(difference) < 1e-4, `${stage}: ${difference}`)
      t.is(fallen, 'none', stage)
    }
  })
} else if (process.env.CI === 'true') {
  test('webgpu', (t) => t.fail(`no ${driver}: install chromium, or name a Vulkan driver in VK_ICD_FILENAMES`))
} else {
  test.skip(`webgpu (no ${driver})`, (t) => t.pass())
}

test('a device that is not there is refused with what to do', async (t) => {
  const { code, stderr } = await bench('cuda').catch((error) => error)
  t.is(code, 2)
  t.regex(stderr, /--device cuda: expected a device that onnxruntime can use here/)
})
