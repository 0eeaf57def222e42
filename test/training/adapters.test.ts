import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { paramData, paramInputs } from '../../engine/params.ts'
import type { Tensors } from '../../engine/trace/trace.ts'
import { textTower } from '../../models/text.ts'
import { adapt, createAdapters, requireBothTowers, requireStudentSpace, settleAdapters } from '../../training/adapters.ts'
import type { Weights } from '../../training/objectives/objective.ts'
import { close, eager } from '../engine/oracle.ts'
import { tinyConfig, tinyModel, tinyTexts } from '../models/tiny.ts'
import { throwsUserError } from '../user-error.ts'

test('a single teacher of the same dimension needs no adapter; others do, each its own', (t) => {
  t.deepEqual(createAdapters(6, [{ embedDim: 6 }], { fd: 1 }, 1), {})
  const shapes = (teachers: Parameters<typeof createAdapters>[1]) =>
    Object.fromEntries(Object.entries(createAdapters(6, teachers, { fd: 1 }, 1)).map(([name, { shape }]) => [name, shape]))
  t.deepEqual(shapes([{ embedDim: 8 }]), { 'adapter.image.weight': [8, 6], 'adapter.text.weight': [8, 6] })
  t.deepEqual(shapes([{ embedDim: 6 }, { embedDim: 4, languages: ['zh', 'ja'] }]), {
    'adapter.image.weight': [6, 6],
    'adapter.text.weight': [6, 6],
    'adapter.zh+ja.image.weight': [4, 6],
    'adapter.zh+ja.text.weight': [4, 6],
  })
})

test('a folded student embeds as student and adapter did', async (t) => {
  const model = tinyModel()
  const adapters = createAdapters(6, [{ embedDim: 8 }], { fd: 1, icl: 1 }, 1)
  const settled = settleAdapters(model, adapters, { fd: 1, icl: 1 })
  t.is(settled.model.config.projection_dim, 8)
  const texts = tinyTexts(3, 5)
  const ids = { input_ids: { dtype: 'int32' as const, shape: [3, 5] }, attention_mask: { dtype: 'int32' as const, shape: [3, 5] } }
  const encode = (inputs: Tensors, config = tinyConfig) => textTower(inputs, config, inputs.input_ids!, inputs.attention_mask!).embedding
  const before = { ...model.params, ...adapters }
  const wanted = await eager(
    (inputs) => ({ text: adapt(inputs, encode(inputs), 'text')! }),
    { ...paramInputs(before), ...ids },
    { ...paramData(before), ...texts },
  )
  const after = settled.model.params
  const got = await eager(
    (inputs) => ({ text: encode(inputs, settled.model.config) }),
    { ...paramInputs(after), ...ids },
    { ...paramData(after), ...texts },
  )
  close(t, got.text!, wanted.text!, 1e-5, 'text')
})

test('adapters are dropped where the own space was learnt', (t) => {
  const model = tinyModel()
  const adapters = createAdapters(6, [{ embedDim: 8 }], { fd: 1, icl: 1 }, 1)
  for (const name of ['task', 'crd', 'siglip']) {
    const settled = settleAdapters(model, adapters, { fd: 1, [name]: 1 })
    t.is(settled.model, model)
    t.regex(settled.note, /dropped/)
  }
  t.regex(settleAdapters(model, {}, { fd: 1 }).note, /no adapters/)
})

test('what no objective teaches has no adapter: a random one must not be folded into the student', (t) => {
  for (const weights of [{ hidden: 1 }, { attention: 1, 'gates-image': 1 }, { task: 1, crd: 1 }] as Weights[]) {
    t.deepEqual(createAdapters(6, [{ embedDim: 8 }], weights, 1), {}, Object.keys(weights).join())
  }
})

test('an adapter that one tower alone learnt to pass is refused', (t) => {
  for (const weights of [
    { 'fd-image': 1 },
    { 'fd-text': 1, hidden: 1 },
    { 'class-embed': 1 },
    { 'mfd-image': 1, 'smooth-l1-image': 1 },
  ] as Weights[]) {
    const tower = 'fd-text' in weights ? 'text' : 'image'
    const message = new RegExp(`expected objectives for both towers, .* 6 dimensions .* 8, got .*: the ${tower} tower alone`)
    t.throws(() => requireBothTowers(weights, 6, 8), { instanceOf: UserError, message })
    t.notThrows(() => requireBothTowers(weights, 8, 8))
    t.notThrows(() => requireBothTowers({ ...weights, crd: 1 }, 6, 8))
  }
  t.notThrows(() => requireBothTowers({ 'fd-image': 4, 'smooth-l1-text': 1 }, 6, 8))
  t.notThrows(() => requireBothTowers({ icl: 1 }, 6, 8))
})

test('several teachers require an objective for the own space', async (t) => {
  t.notThrows(() => requireStudentSpace({ fd: 1 }, 1))
  t.notThrows(() => requireStudentSpace({ fd: 1, crd: 1 }, 2))
  await throwsUserError(t, () => requireStudentSpace({ fd: 1, icl: 1 }, 2), { expected: /task, crd, siglip or anchor/, got: /fd, icl/ })
})
