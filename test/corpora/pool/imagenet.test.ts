import test from 'ava'
import { heldOutWords } from '../../../corpora/pool/held-out.ts'
import { formatClasses, imagenetClasses, ruledClasses } from '../../../corpora/pool/imagenet.ts'
import { heldOutRule } from '../../../corpora/pool/rule.ts'

const classes = imagenetClasses()
const names = (index: number, language: string) => classes[index]!.names[language]

test("1,000 classes in the classifier's order: synsets ascending, well-known rows where they belong", (t) => {
  t.is(classes.length, 1000)
  t.deepEqual(
    classes.map(({ index }) => index),
    Array.from({ length: 1000 }, (_, i) => i),
  )
  const synsets = classes.map(({ synset }) => synset)
  t.deepEqual(synsets, [...new Set(synsets)].toSorted())
  t.true(names(281, 'en')!.includes('tabby'))
  t.true(names(207, 'zh')!.includes('金毛寻回犬'))
  t.true(names(388, 'zh')!.includes('大熊猫'))
  t.true(names(980, 'en')!.includes('volcano'))
  t.true(names(963, 'zh')!.includes('披萨'))
})

test('the rule holds for every name; what it took away is kept beside', (t) => {
  const rule = heldOutRule(heldOutWords())
  for (const { names, dropped } of classes) {
    for (const [language, list] of Object.entries(names)) for (const name of list) t.is(rule(name, language), undefined, name)
    for (const [language, list] of Object.entries(dropped)) for (const name of list) t.truthy(rule(name, language), name)
  }
  t.deepEqual(classes[113]!.names, {}) // snail, 蜗牛: a test concept
  t.deepEqual(classes[113]!.dropped, { en: ['snail'], zh: ['蜗牛'] })
  t.deepEqual(ruledClasses(classes, rule), classes)
  for (const language of ['en', 'zh']) t.true(classes.filter(({ names }) => names[language]).length >= 850)
})

test('read and written again, nothing changes', (t) => {
  const text = formatClasses(classes, ['en', 'zh'])
  t.is(text.split('\n').length, 1002)
  t.is(text.split('\n')[114], '113\tn01944390\t\t\ten:snail|zh:蜗牛')
})
