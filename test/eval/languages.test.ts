import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { languageGap, languageGaps, retention, withRetention } from '../../eval/languages.ts'

const row = (model: string, language: string, mean_recall: number | undefined, dtype = 'fp32', protocol = 'p') => ({
  model,
  dtype,
  corpus: 'c',
  protocol,
  language,
  metrics: { mean_recall },
})

test('the gap is max − min', (t) => {
  t.is(languageGap({ en: 0.5, zh: 0.25, ja: 0.375 }), 0.25)
  t.is(languageGap({ en: 0.5 }), 0)
  t.throws(() => languageGap({}), { instanceOf: UserError })
})

test('retention is the ratio to the teacher, and undefined against a teacher at zero', (t) => {
  t.is(retention(0.3, 0.4), 0.3 / 0.4)
  t.is(retention(0.5, 0.4), 1.25)
  t.is(retention(0.1, 0), null)
})

test('each row is held against the teacher on its own protocol and language', (t) => {
  const rows = [
    row('teacher', 'en', 0.9, 'fp16'),
    row('teacher', 'en', 0.5),
    row('teacher', 'zh', 0.4),
    row('student', 'en', 0.25, 'q8'),
    row('student', 'zh', 0.1),
    row('student', 'ja', 0.1), // the teacher was not measured in Japanese
    row('student', 'en', 0.1, 'fp32', 'other'),
    row('pixel-nn', 'en', undefined, 'uint8'),
  ]
  t.deepEqual(
    withRetention(rows).map((entry) => entry.retention),
    [undefined, undefined, undefined, 0.5, 0.25, undefined, undefined, undefined],
  )
})

test('gaps per model and protocol, where two languages were measured', (t) => {
  const rows = [row('student', 'en', 0.5), row('student', 'zh', 0.25), row('student', 'en', 0.9, 'q8'), row('pixel-nn', 'en', undefined)]
  t.deepEqual(languageGaps(rows), [{ model: 'student', dtype: 'fp32', corpus: 'c', protocol: 'p', gap: 0.25, best: 'en', worst: 'zh' }])
})
