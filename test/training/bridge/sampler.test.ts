import test from 'ava'
import { type Concept, conceptSampler, groups, ownership } from '../../../training/bridge/sampler.ts'

const concept = (group: Concept['group'], texts: number[], pictures: number[], weights = texts.map(() => 1)): Concept => ({
  group,
  texts,
  weights,
  pictures,
})
const concepts = [
  concept('corpus', [0, 1], [0, 1, 2, 3, 4, 5, 6, 7], [3, 1]),
  concept('corpus', [2], [8]),
  concept('pictures', [3], [9]),
  concept('classes', [0, 4], [10, 11]),
  concept('corpus', [], [12]),
  concept('classes', [5], []),
]
const shares = { corpus: 0.6, pictures: 0.15, classes: 0.25 }

test('a batch is a function of seed and step alone', (t) => {
  const [first, second] = [conceptSampler(concepts, shares, 16, 1), conceptSampler(concepts, shares, 16, 1)]
  const later = second(7)
  for (let step = 0; step < 7; step++) first(step)
  const { stream, ...drawn } = first(7)
  const { stream: other, ...again } = later
  t.deepEqual(drawn, again)
  t.is(stream(1)(), other(1)())
  t.not(stream(1)(), stream(2)())
  t.notDeepEqual(conceptSampler(concepts, shares, 16, 2)(7).concepts, drawn.concepts)
})

test('groups come by their shares, concepts of a group alike however many pictures they have, texts by their weights', (t) => {
  const draw = conceptSampler(concepts, shares, 20_000, 3)(0)
  const part = (is: (row: number) => boolean) => draw.concepts.filter((_, row) => is(row)).length / 20_000
  const near = (got: number, wanted: number, what: string) => t.true(Math.abs(got - wanted) < 0.015, `${what}: ${got} for ${wanted}`)
  for (const group of groups)
    near(
      part((row) => concepts[draw.concepts[row]!]!.group === group),
      shares[group],
      group,
    )
  near(
    part((row) => draw.concepts[row] === 0),
    0.3,
    'eight pictures',
  )
  near(
    part((row) => draw.concepts[row] === 1),
    0.3,
    'one picture',
  )
  near(
    part((row) => draw.concepts[row] === 0 && draw.texts[row] === 0),
    0.225,
    'weight 3 of 4',
  )
  t.false(
    draw.concepts.some((drawn) => drawn >= 4),
    'concepts without texts or pictures',
  )
  t.true(draw.texts.every((text, row) => concepts[draw.concepts[row]!]!.texts.includes(text)))
  t.true(draw.pictures.every((picture, row) => concepts[draw.concepts[row]!]!.pictures.includes(picture)))
})

test('a group that has nothing gives its share to the others', (t) => {
  const draw = conceptSampler(concepts.slice(0, 3), shares, 10_000, 3)(0)
  const pictures = draw.concepts.filter((drawn) => drawn === 2).length / 10_000
  t.true(Math.abs(pictures - 0.2) < 0.015, `${pictures}`)
})

test('positives are all pairs of a concept and a text that it owns, also where another concept lent the text', (t) => {
  const draw = { concepts: [0, 1, 3], pictures: [0, 8, 10], texts: [0, 2, 4], stream: () => Math.random }
  const owned = concepts.map(({ texts }) => new Set(texts))
  t.deepEqual([...ownership(draw, owned)], [1, 0, 0, 0, 1, 0, 1, 0, 1])
})
