import test from 'ava'
import { shares, splits } from '../../bench/budget.ts'
import { preset } from '../../models/config.ts'
import { towerCounts } from '../../models/dual-encoder.ts'

const parts = (size: string) => towerCounts(preset(size, { vocabSize: 6000 }))
const total = ({ image, text }: { image: number; text: number }) => image + text

test('splits deal out the same total, from mostly text to mostly image', (t) => {
  const budget = total(parts('tiny'))
  t.true(splits.length >= 5)
  for (const size of splits) t.true(Math.abs(total(parts(size)) / budget - 1) < 0.03, size)
  const images = splits.map((size) => parts(size).image / total(parts(size)))
  t.deepEqual(
    images,
    images.toSorted((a, b) => a - b),
  )
  t.true(images[0]! < 0.15 && images.at(-1)! > 0.85)
})

test("students have 50, 22 and 15 % of a base teacher's parameters", (t) => {
  const teacher = total(parts('base'))
  t.deepEqual(
    shares.map((size) => Math.round((100 * total(parts(size))) / teacher)),
    [50, 22, 15],
  )
})
