import { availableParallelism } from 'node:os'
import test from 'ava'
import { prepare } from '../../run/prepare.ts'
import { distillSettings } from '../../stages/settings/distill.ts'
import { evaluateSettings } from '../../stages/settings/evaluate.ts'
import { throwsUserError } from '../user-error.ts'

test('more threads than cores are refused, those of a stage within a command, too', async (t) => {
  const cores = availableParallelism()
  const many = cores + 1
  const evaluate = evaluateSettings.parse({ model: 'none', out: 'none' })
  await t.notThrowsAsync(() => prepare(evaluateSettings, evaluate))
  await t.notThrowsAsync(() => prepare(evaluateSettings, { ...evaluate, threads: cores }))
  await throwsUserError(t, () => prepare(evaluateSettings, { ...evaluate, threads: many }), { where: `--threads ${many}`, got: `${many}` })
  const distill = distillSettings.parse({ out: 'none', stage2: { threads: many } })
  await throwsUserError(t, () => prepare(distillSettings, distill), { where: `--stage2.threads ${many}`, hint: /all cores are used/ })
})
