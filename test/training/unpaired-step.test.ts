import test from 'ava'
import { defaultObjectiveSettings } from '../../training/objectives/settings.ts'
import { eager, type Feeds } from '../engine/oracle.ts'
import { tinyModel } from '../models/tiny.ts'
import { build, teacher } from './build-step.ts'

test('a step of texts alone takes no image, and reaches the text tower alone', async (t) => {
  const { fn, specs, feeds } = build('fd-text:1', { alone: 'text' })
  const data = Object.keys(specs).filter((name) => !(name in tinyModel().params))
  t.deepEqual(data.sort(), ['attention_mask', 'input_ids', 'teacher_text:en', 'teacher_text:zh'])
  const results = await eager(fn, specs, feeds)
  const reached = Object.keys(results).filter((name) => name.startsWith('gradient:'))
  t.true(reached.length > 10 && reached.every((name) => name.startsWith('gradient:text_')))
  // The same texts in a step with images: the same loss.
  const whole = build('fd-text:1', {})
  const given = Object.fromEntries(Object.keys(whole.specs).map((name) => [name, feeds[name] ?? whole.feeds[name]!]))
  t.true(Math.abs((await eager(whole.fn, whole.specs, given)).loss![0]! - results.loss![0]!) < 1e-6)
})

test('a step of images alone takes no text, and reaches the image tower alone', async (t) => {
  const { fn, specs, feeds } = build('fd-image:1', { alone: 'image', languages: ['mul'] })
  const data = Object.keys(specs).filter((name) => !(name in tinyModel().params))
  t.deepEqual(data.sort(), ['pixel_values', 'teacher_image'])
  const results = await eager(fn, specs, feeds)
  const reached = Object.keys(results).filter((name) => name.startsWith('gradient:'))
  t.true(reached.length > 10 && reached.every((name) => name.startsWith('gradient:vision_') || name.startsWith('gradient:visual_')))
  // The same images in a step with texts: the same loss.
  const whole = build('fd-image:1', { languages: ['mul'] })
  const given = Object.fromEntries(Object.keys(whole.specs).map((name) => [name, feeds[name] ?? whole.feeds[name]!]))
  t.true(Math.abs((await eager(whole.fn, whole.specs, given)).loss![0]! - results.loss![0]!) < 1e-6)
})

test('unpaired images and texts have no positives; crd is that of pairs, whose targets are the teacher alone', async (t) => {
  const { fn, specs, feeds } = build('crd:1', { unpaired: true })
  t.is(specs['positives:en'], undefined)
  const paired = build('crd:1', {})
  const given = Object.fromEntries(Object.keys(paired.specs).map((name) => [name, feeds[name] ?? paired.feeds[name]!]))
  t.is((await eager(fn, specs, feeds)).loss![0], (await eager(paired.fn, paired.specs, given)).loss![0])
  const mixed = { ...defaultObjectiveSettings, crdAlpha: 0.5 }
  const unmoved = build('crd:1', { unpaired: true, objectiveSettings: mixed })
  t.is((await eager(unmoved.fn, unmoved.specs, feeds)).loss![0], (await eager(fn, specs, feeds)).loss![0])
})

test('icl of unpaired images and texts: similarities by the teacher, as a distribution over a row, are its positives', async (t) => {
  const languages = ['mul']
  const { fn, specs, feeds } = build('icl:1', { unpaired: true, languages })
  const paired = build('icl:1', { languages })
  const rows = (data: Feeds[string]) => [0, 1, 2].map((i) => Array.from(data.subarray(6 * i, 6 * (i + 1)), Number))
  const [images, texts] = [rows(feeds.teacher_image!), rows(feeds['teacher_text:mul']!)]
  const cosine = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  // Positives are divided by their row's sum: of exponentials that is the softmax.
  const positives = Float32Array.from(images.flatMap((image) => texts.map((text) => Math.exp(teacher.logitScale * cosine(image, text)))))
  const given = Object.fromEntries(Object.keys(paired.specs).map((name) => [name, feeds[name] ?? paired.feeds[name]!]))
  const want = (await eager(paired.fn, paired.specs, { ...given, 'positives:mul': positives })).loss![0]!
  t.true(Math.abs((await eager(fn, specs, feeds)).loss![0]! - want) < 1e-5)
})
