import test from 'ava'
import type { TextCorpus } from '../../../corpora/sample.ts'
import { loadTrainingSet } from '../../../training/data/training-set.ts'
import { throwsUserError } from '../../user-error.ts'

const rows: Record<string, string[]>[] = [
  { en: ['dog'], zh: ['狗', '小狗'] },
  { zh: ['猫'] },
  { en: ['fox'] },
  { fr: ['ours'] },
  { fr: ['oie'], en: ['goose'] },
]
const corpus: TextCorpus = {
  name: 'rows',
  licence: 'none',
  languages: ['en', 'zh', 'fr'],
  splits: ['train'],
  async *samples() {
    for (const [i, captions] of rows.entries()) yield { id: `${i}`, captions }
  },
}

async function drawn(languages: string[], needed?: string[]) {
  const { captions, texts, ...counts } = await loadTrainingSet(corpus, 'train', languages, { needed })
  return { ...counts, written: languages.map((language) => captions[language]!.map((own) => own.map((text) => texts[text]).join())) }
}

test('captions in another language take the place of those that are lacking; a row without any is left out', async (t) => {
  const { written, dropped, lacking, count } = await drawn(['en', 'zh'])
  t.deepEqual(written, [
    ['dog', '猫', 'fox', 'goose'],
    ['狗,小狗', '猫', 'fox', 'goose'],
  ])
  t.deepEqual([count, dropped, lacking], [4, 1, { en: 1, zh: 2 }])
})

test('where a language is needed, as of a teacher that reads no other, rows without it are left out', async (t) => {
  const { written, dropped, lacking } = await drawn(['en', 'zh'], ['zh'])
  t.deepEqual(
    [written, dropped, lacking],
    [
      [
        ['dog', '猫'],
        ['狗,小狗', '猫'],
      ],
      3,
      { en: 1 },
    ],
  )
})

test('a language that no row has is refused', async (t) => {
  await throwsUserError(t, () => drawn(['en', 'de']), { where: 'rows, split train', got: 'none in de' })
})
