import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { distill, evaluate } from '../../api/index.ts'
import { checkedSettings } from '../../api/settings.ts'
import { setImageTimeout } from '../../corpora/decode-apart.ts'
import { decodeImage } from '../../corpora/images.ts'
import { distillSettings } from '../../stages/settings/distill.ts'
import { evaluateSettings } from '../../stages/settings/evaluate.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

test('settings are those of the command: given ones, then presets, then defaults', (t) => {
  const config = checkedSettings('distill', distillSettings, { quick: true, stage1: { steps: 7 }, stage2: { steps: 3 } })
  t.like(config, { quick: true, dtype: ['fp32', 'q8'], stage1: { steps: 7, warmup: 30 }, stage2: { steps: 3, warmup: 10 } })
  t.is(checkedSettings('distill', distillSettings, { stage1: { steps: 7 } }).stage1.warmup, distillSettings.parse({}).stage1.warmup)
})

test('a name that is no setting, and a value that does not fit', async (t) => {
  const unknown = { corpsu: 'a.csv' } as object
  await throwsUserError(t, () => checkedSettings('distill', distillSettings, unknown), { where: 'distill: corpsu', hint: /corpus/ })
  const nested = { stage1: { step: 7 } } as object
  await throwsUserError(t, () => checkedSettings('distill', distillSettings, nested), { where: 'distill: stage1.step', hint: /stage1\.steps/ })
  const outside = { steps: 7 } as object
  await throwsUserError(t, () => checkedSettings('distill', distillSettings, outside), { hint: /stage1\.steps or stage2\.steps/ })
  await throwsUserError(t, () => checkedSettings('distill', distillSettings, { stage2: { steps: -1 } }), {
    where: 'distill: stage2.steps',
    got: '-1',
    hint: /--help --all/,
  })
  const missing = { model: 'runs/x' } as { model: string; out: string }
  await throwsUserError(t, () => checkedSettings('evaluate', evaluateSettings, missing), { where: 'evaluate: out', got: 'nothing' })
})

test('the functions check their settings, and begin nothing that is aborted', async (t) => {
  await throwsUserError(t, () => distill({ languages: ['english'] }), { got: /english/ })
  const reason = new Error('never mind')
  t.is(await t.throwsAsync(evaluate({ model: 'none', out: 'none' }, { signal: AbortSignal.abort(reason) })), reason)
})

test('the functions begin as commands do: pictures have the limit that is set, and an export that was killed in its swap has its place again', async (t) => {
  t.teardown(() => setImageTimeout(10))
  const out = await temporaryFolder(t)
  const model = join(out, 'model')
  await mkdir(`${model}.replaced`)
  await throwsUserError(t, () => evaluate({ model, out, imageTimeout: 0.001 }), { where: model })
  t.true(existsSync(model))
  const slow = '<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="4000"><circle cx="2000" cy="2000" r="900"/></svg>'
  await throwsUserError(t, () => decodeImage({ key: 'slow', read: async () => Buffer.from(slow) }, 8), { got: /longer than 0\.001 s/ })
})
