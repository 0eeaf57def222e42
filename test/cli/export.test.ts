import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import test from 'ava'
import { writeChecksums } from '../../base/checksums.ts'
import { commands } from '../../cli/commands.ts'
import { run } from '../../cli/run.ts'
import { decodeSafetensors, encodeSafetensors } from '../../engine/safetensors.ts'
import { writeModelFolder } from '../../models/folder.ts'
import { smallModel } from '../export/small-model.ts'
import { temporaryFolder } from '../temporary-folder.ts'

async function runExport(...args: string[]) {
  let stderr = ''
  const code = await run(['export', ...args], commands, { stdout: { write: () => {} }, stderr: { write: (text) => (stderr += text) } })
  return { code, stderr }
}

test('export says what is wrong with its input, and leaves nothing half-written', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const parent = await temporaryFolder(t)
  const at = (...parts: string[]) => join(parent, ...parts)
  await writeModelFolder(at('run', 'student'), model, tokenizerDir)
  await mkdir(at('unfinished', 'checkpoints'), { recursive: true })
  await mkdir(at('others'))
  await writeFile(at('others', 'thesis.txt'), 'mine')
  const before = (await readdir(parent)).sort()
  const mistakes: [args: string[], message: RegExp][] = [
    [
      ['--from', at('unfinished'), '--out', at('out')],
      /unfinished: expected a finished run, a model folder \(model\.safetensors\) or an export, got neither\. Run stage1 first/,
    ],
    [['--from', at('nowhere'), '--out', at('out')], /nowhere: expected a finished run, .* got no such folder/],
    [['--from', at('run'), '--out', at('out'), '--dtype', 'fp32,q5'], /^--dtype: expected a list of fp32, fp16, q8, int8, q4, got q5\./],
    [['--from', at('run'), '--out', at('out'), '--dtype', 'int8'], /^--dtype int8: expected training images and captions to calibrate on, got none/],
    [['--from', at('run'), '--out', at('out'), '--max-drop', 'much'], /^--max-drop: expected points of mean recall/],
    [['--from', at('run'), '--out', at('others')], /others: expected a new folder or an earlier export, got a folder with thesis\.txt\. .*--force/],
    [['--from', at('run'), '--out', at('out'), '--format', 'ort', '--dtype', 'fp16'], /^--format ort: expected a format other than fp16/],
  ]
  for (const [args, message] of mistakes) {
    const { code, stderr } = await runExport(...args)
    t.is(code, 2, stderr)
    t.regex(stderr, message)
    t.deepEqual((await readdir(parent)).sort(), before, args.join(' '))
  }
  t.deepEqual(await readdir(at('others')), ['thesis.txt'])
})

test('weights that are finite and embeddings that are not', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const parent = await temporaryFolder(t)
  await writeModelFolder(join(parent, 'run', 'student'), model, tokenizerDir)
  const file = join(parent, 'run', 'student', 'model.safetensors')
  const params = decodeSafetensors(await readFile(file), file)
  params['visual_projection.weight']!.data.fill(1e38)
  await writeFile(file, encodeSafetensors(params))
  await writeChecksums(dirname(file))
  for (const dtypes of ['fp32', 'q8']) {
    const { code, stderr } = await runExport('--from', join(parent, 'run'), '--out', join(parent, 'out'), '--dtype', dtypes)
    t.is(code, 2, stderr)
    t.regex(stderr, /expected a model with finite embeddings, got NaN or infinity\. The training run diverged/)
    t.deepEqual(await readdir(parent), ['run'])
  }
})
