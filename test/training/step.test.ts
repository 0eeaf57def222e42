import test, { type ExecutionContext } from 'ava'
import { compile } from '../../engine/compile.ts'
import { gradientOf } from '../../engine/gradients.ts'
import type { Params } from '../../engine/params.ts'
import { gatesOf } from '../../models/gates.ts'
import { objectiveParams } from '../../training/objectives/table.ts'
import type { StepShape } from '../../training/step-shape.ts'
import { agree, close, compiled, eager, type Feeds, gaussian, threads } from '../engine/oracle.ts'
import { tinyConfig, unitRows } from '../models/tiny.ts'
import { type Expected, throwsUserError } from '../user-error.ts'
import { B, build, T, teacher } from './build-step.ts'

const gateChannels = (tower: 'image' | 'text') => gatesOf(tower, tinyConfig).reduce((sum, { channels }) => sum + channels, 0)
const inner = { image: { width: 5, heads: 2, tokens: 10 }, text: { width: 7, heads: 2 } }

/** Objectives with what a step needs for them beyond the usual. */
const steps: Record<string, Partial<StepShape>> = {
  'mfd:1,icl:1': {},
  'task:1,siglip:0.5,gd:0.01,afd:1': {},
  'fd-image:1,smooth-l1-text:2': {},
  'class-embed:0.5': { centroids: 4 },
  'hidden:1,attention:0.5': { inner },
  'attention-image:1': { inner: { image: { ...inner.image, heads: 3 } } },
  'fd-text:1,smooth-l1-text:0.5,hidden-text:1': { alone: 'text', inner },
  'fd-image:1,mfd-image:0.5,rkd-image:1': { alone: 'image', languages: ['mul'] },
  'crd:1,icl:1,fd:1': { unpaired: true, languages: ['mul'] },
  'task:1,gates:0.5': { inner: { image: { ...inner.image, gates: gateChannels('image') }, text: { ...inner.text, gates: gateChannels('text') } } },
  'crd:1,fd:2,mfd-image:1': { specialists: [{ embedDim: 4, logitScale: 30, languages: ['zh'], weight: 0.5 }] },
}

for (const [objective, more] of Object.entries(steps)) {
  test(`${objective}: compiled as eager`, async (t) => {
    const { fn, specs, feeds } = build(objective, more)
    const results = await agree(t, fn, specs, feeds)
    t.true(Object.values(results).every((values) => values.every(Number.isFinite)))
  })

  test(`${objective}: gradients are the loss's slopes`, async (t) => {
    const { fn, specs, feeds, params } = build(objective, more)
    await compareSlopes(t, fn, specs, feeds, params)
  })
}

/** Along one random direction a tensor; float32 leaves some noise. */
async function compareSlopes(
  t: ExecutionContext,
  fn: ReturnType<typeof build>['fn'],
  specs: ReturnType<typeof build>['specs'],
  feeds: Feeds,
  params: Params,
) {
  const step = await compile(fn, specs, { threads })
  const results = await step.run(feeds)
  for (const [i, key] of Object.keys(params).entries()) {
    const gradient = results[gradientOf(key)] ?? new Float32Array(params[key]!.data.length)
    const direction = gaussian(gradient.length, 13, i)
    const along = (by: number) => step.run({ ...feeds, [key]: params[key]!.data.map((value, j) => value + by * direction[j]!) })
    const epsilon = 4e-3 / Math.hypot(...direction)
    const slope = ((await along(epsilon)).loss![0]! - (await along(-epsilon)).loss![0]!) / 8e-3
    const expected = gradient.reduce((sum, value, j) => sum + value * direction[j]!, 0) / Math.hypot(...direction)
    t.true(
      Math.abs(slope - expected) < 5e-4 * Math.max(1, results.loss![0]!) + 0.01 * Math.abs(expected),
      `${key}: slope ${slope}, gradient ${expected}`,
    )
  }
  await step.release()
}

test('mfd masks: other patches, another loss; without mfd there is no second pass', async (t) => {
  const { fn, specs, feeds } = build('mfd-image:1', {})
  t.deepEqual(specs.mask_keep!.shape, [B, 2]) // a quarter of 9 patches
  const loss = async (keep: Int32Array) => (await eager(fn, specs, { ...feeds, mask_keep: keep })).loss![0]!
  const first = await loss(Int32Array.of(0, 1, 0, 1, 0, 1))
  t.not(await loss(Int32Array.of(7, 8, 7, 8, 7, 8)), first)
  t.true(Math.abs((await loss(Int32Array.of(1, 0, 1, 0, 1, 0))) - first) < 1e-5, 'their order does not matter')
  const without = build('fd-image:1', {})
  t.is(without.specs.mask_keep, undefined)
  const nodes = async ({ fn, specs }: Pick<ReturnType<typeof build>, 'fn' | 'specs'>) => (await compile(fn, specs, { threads })).graph!.nodes.length
  t.true((await nodes({ fn, specs })) > (await nodes(without)))
})

test('sorted texts in blocks of their own lengths: the same losses and gradients', async (t) => {
  for (const [objective, more] of [
    ['task:1,fd:1,crd:1,icl:1', { languages: ['en', 'zh'] }],
    ['crd:1', { specialists: [{ embedDim: 4, logitScale: 30, languages: ['zh'], weight: 0.5 }] }],
    ['fd-text:1', { alone: 'text' }],
  ] as const) {
    const plain = build(objective, more as Partial<StepShape>)
    const { input_ids, attention_mask } = plain.feeds as Record<string, Int32Array>
    const lengths = [6, 5, 4, 6, 5, 4] // of tinyTexts
    const sorted = [0, 3, 1, 4, 2, 5]
    const rows = (data: Int32Array) => Int32Array.from(sorted.flatMap((text) => [...data.subarray(T * text, T * (text + 1))]))
    const text_order = Int32Array.from(lengths.keys(), (text) => sorted.indexOf(text))
    const textBlocks = [
      { rows: 3, tokens: 6 }, // one of its texts is shorter
      { rows: 1, tokens: 5 },
      { rows: 2, tokens: 4 },
    ]
    const inBlocks = build(objective, { ...(more as Partial<StepShape>), textBlocks })
    t.deepEqual(inBlocks.specs.text_order!.shape, [2 * B])
    const feeds = { ...plain.feeds, input_ids: rows(input_ids!), attention_mask: rows(attention_mask!), text_order }
    const want = await compiled(plain.fn, plain.specs, plain.feeds)
    const got = await agree(t, inBlocks.fn, inBlocks.specs, feeds)
    t.deepEqual(Object.keys(got), Object.keys(want))
    for (const name of Object.keys(want)) close(t, got[name]!, want[name]!, 1e-5, `${objective}: ${name}`)
  }
})

test('what concerns images alone is computed once, however many languages there are', async (t) => {
  const objective = 'fd-image:1,smooth-l1-image:1,mfd-image:1,class-embed:1,hidden-image:1,attention-image:1'
  const nodes = async (languages: string[]) => {
    const { fn, specs } = build(objective, { languages, inner, centroids: 4 })
    const step = await compile(fn, specs, { threads })
    await step.release()
    return step.graph!.nodes.length
  }
  const [two, three] = [await nodes(['en', 'zh']), await nodes(['en', 'zh', 'de'])]
  t.true(three - two <= 2 * 6, `${two} nodes for two languages, ${three} for three`) // a sum and its gradient each
  const both = build('fd:1', { languages: ['en', 'zh'] })
  const one = build('fd-image:1', {})
  const loss = async ({ fn, specs, feeds }: ReturnType<typeof build>) => (await eager(fn, specs, feeds)).loss![0]!
  const texts = build('fd-text:1', {})
  const same = Object.fromEntries(Object.keys(both.specs).map((name) => [name, both.feeds[name]!]))
  const at = async (part: ReturnType<typeof build>) =>
    loss({ ...part, feeds: Object.fromEntries(Object.keys(part.specs).map((name) => [name, same[name]!])) })
  t.true(Math.abs((await loss(both)) - (await at(one)) - (await at(texts))) < 1e-5, 'the sum of both towers')
})

test('a specialist has image terms of its own', async (t) => {
  const specialist = { embedDim: 6, logitScale: 30, languages: ['zh'], weight: 1 }
  const { fn, specs, feeds } = build('fd-image:1', { specialists: [specialist] })
  const fd = async (changes: Feeds) => (await eager(fn, specs, { ...feeds, ...changes })).loss![0]!
  const base = await fd({})
  const other = unitRows(gaussian(B * 6, 99), 6)
  t.not(await fd({ teacher_image: other }), base)
  t.not(await fd({ 'teacher_image:zh': other }), base)
})

test('a specialist speaks for its language alone, with its weight', async (t) => {
  const specialist = { embedDim: 6, logitScale: 30, languages: ['zh'], weight: 0.5 }
  const { fn, specs, feeds } = build('crd:1', { specialists: [specialist] })
  const crd = async (changes: Feeds) => (await eager(fn, specs, { ...feeds, ...changes })).crd![0]!
  const base = await crd({})
  // The parts: en with the general teacher, zh with the specialist at half its weight; the step takes the mean.
  const alone = async (language: string, spoken: { embedDim: number; logitScale: number }, image: string) => {
    const i = language === 'en' ? 0 : B * T
    const { fn, specs, params } = build('crd:1', { languages: [language], teacher: spoken })
    const texts = { input_ids: feeds.input_ids!.slice(i, i + B * T), attention_mask: feeds.attention_mask!.slice(i, i + B * T) } as Feeds
    const given = Object.fromEntries(Object.keys(specs).map((name) => [name, params[name] ? feeds[name]! : (feeds[name] ?? feeds.pixel_values!)]))
    return (await eager(fn, specs, { ...given, ...texts, teacher_image: feeds[image]! })).crd![0]!
  }
  const parts = 0.5 * ((await alone('en', teacher, 'teacher_image')) + 0.5 * (await alone('zh', specialist, 'teacher_image:zh')))
  t.true(Math.abs(base - parts) < 1e-5, `${base} ${parts}`)
})

test("a specialist's weight does not touch what the general teacher says of classes", async (t) => {
  const value = async (weight: number) => {
    const { fn, specs, feeds } = build('class-embed:1', { centroids: 4, specialists: [{ embedDim: 6, logitScale: 30, languages: ['zh'], weight }] })
    return (await eager(fn, specs, feeds))['class-embed']![0]!
  }
  t.is(await value(0.5), await value(1))
})

test('a language has its own part of the texts in hidden and attention', async (t) => {
  const { fn, specs, feeds } = build('hidden-text:1,attention-text:1', { inner })
  const results = await eager(fn, specs, feeds)
  const half = (data: Feeds[string]) => data.slice(0, data.length / 2)
  const one = build('hidden-text:1,attention-text:1', { inner, languages: ['en'] })
  const cut = ['input_ids', 'attention_mask', 'teacher_text_hidden', 'teacher_text_attention']
  const english = await eager(one.fn, one.specs, { ...feeds, ...Object.fromEntries(cut.map((name) => [name, half(feeds[name]!)])) } as Feeds)
  const chinese = await eager(one.fn, one.specs, {
    ...feeds,
    ...Object.fromEntries(cut.map((name) => [name, feeds[name]!.slice(feeds[name]!.length / 2)])),
  } as Feeds)
  for (const name of ['hidden-text', 'attention-text'])
    t.true(Math.abs(results[name]![0]! - (english[name]![0]! + chinese[name]![0]!) / 2) < 1e-5, name)
})

const refused: Record<string, [string, Partial<StepShape>, Expected]> = {
  'no teacher': ['task:1,fd:1', { teacher: undefined }, { where: /--objective fd/, got: /training without one/ }],
  'no inner teacher': ['attention-image', {}, { where: /--objective attention-image/, got: 'none', hint: /Name one with --inner-teacher/ }],
  'other image tokens': [
    'attention-image',
    { inner: { image: { ...inner.image, tokens: 17 } } },
    { expected: /10 tokens in the teacher's image tower, as in the student's/, got: '17' },
  ],
  'dropped patches': ['attention-image', { inner, keepPatches: 0.5 }, { expected: /whole images/, got: /--keep-patches 0\.5/ }],
  'images where there are texts alone': [
    'fd-text,crd',
    { alone: 'text' },
    { where: '--objective crd', expected: 'images', got: 'a corpus of texts alone', hint: /\(fd-text, / },
  ],
  'texts where there are images alone': [
    'fd-image,crd',
    { alone: 'image' },
    { where: '--objective crd', expected: 'texts', got: 'images alone', hint: /\(fd-image, / },
  ],
  'pairs where images and texts are unpaired': [
    'crd,task',
    { unpaired: true },
    { where: '--objective task', expected: 'images with captions', got: 'unpaired ones' },
  ],
  'a sum over both towers where there are texts alone': ['fd', { alone: 'text' }, { where: '--objective fd', expected: /images/ }],
  'afd with specialists': [
    'task,afd',
    { specialists: [{ ...teacher, languages: ['zh'], weight: 1 }] },
    { where: /--objective afd/, got: 'specialists' },
  ],
}
for (const [title, [objective, more, expected]] of Object.entries(refused)) {
  test(`refuses: ${title}`, async (t) => {
    await throwsUserError(t, () => build(objective, more), expected)
  })
}

test('refuses: inner layers that no teacher shows, when their projection is made', async (t) => {
  await throwsUserError(t, () => objectiveParams({ hidden: 1 }, { embedDim: 6, teacherDim: 6, classes: 1 }, 1), {
    where: /--objective hidden/,
    expected: /a teacher that shows what is inside its image tower/,
  })
})
