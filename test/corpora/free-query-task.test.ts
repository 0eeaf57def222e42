import test from 'ava'
import { freeQueryLanguages, freeQueryTask, parseFreeQueries } from '../../corpora/emoji/free-queries.ts'
import { emojiProtocols } from '../../corpora/emoji/protocols.ts'
import { throwsUserError } from '../user-error.ts'

const queries = [
  { id: 'en-001', language: 'en', kind: 'attribute', text: 'something red', split: 'test' },
  { id: 'en-002', language: 'en', kind: 'category', text: 'fruit', split: 'validation' },
  { id: 'zh-001', language: 'zh', kind: 'category', text: '水果', split: 'test' },
]
const labels: Record<string, string[]> = { 'en-001': ['1f34e', '2764-fe0f'], 'en-002': ['1f34e'], 'zh-001': ['1f34c', '1f34e'] }
const json = (over: object = {}) => JSON.stringify({ version: 1, queries, ...over })
const labelled = (over: Record<string, string[]> = {}) => {
  const settled = Object.entries({ ...labels, ...over }).map(([id, relevant]) => [id, { by: { first: relevant, second: [] }, relevant }])
  return JSON.stringify({ version: 1, labellers: ['first', 'second'], labels: Object.fromEntries(settled) })
}
const source = { key: '', read: async () => new Uint8Array() }
const gallery = ['1f34c', '1f34e', '2764'].map((classId) => ({ id: classId, classId, source }))

test('queries of a split and language, with the images of their concepts', (t) => {
  const set = parseFreeQueries(json(), labelled())
  t.deepEqual(freeQueryLanguages(set, 'test'), ['en', 'zh'])
  t.deepEqual(freeQueryLanguages(set, 'validation'), ['en'])
  const { texts, positives, kinds, images } = freeQueryTask(set, 'test', 'en', gallery)
  t.deepEqual({ texts, positives, kinds }, { texts: ['something red'], positives: [[1, 2]], kinds: ['attribute'] })
  t.is(images, gallery)
})

test('malformed files are refused by name', async (t) => {
  const refuses = (body: () => unknown, where: RegExp, got: RegExp) => throwsUserError(t, body, { where, got })
  await refuses(() => parseFreeQueries('{', labelled()), /free-queries\.json$/, /position|property/)
  await refuses(() => parseFreeQueries(json({ version: 2 }), labelled()), /free-queries\.json, version/, /1/)
  await refuses(() => parseFreeQueries(json({ queries: [{ ...queries[0], split: 'train' }] }), labelled()), /queries\.0\.split/, /validation/)
  await refuses(() => parseFreeQueries(json({ queries: [queries[0], queries[0]] }), labelled()), /free-queries\.json/, /en-001 twice/)
  await refuses(() => parseFreeQueries(json(), labelled({ 'en-002': [] })), /labels/, /none/)
  await refuses(() => parseFreeQueries(json(), labelled({ 'en-9': ['1f34e'] })), /labels/, /en-9/)
  const set = parseFreeQueries(json(), labelled({ 'en-001': ['1f600'] }))
  await refuses(() => freeQueryTask(set, 'test', 'en', gallery), /labels/, /1f600/)
})

test('the committed queries: enough of them, few relevant, found in the gallery', async (t) => {
  for (const [protocol, language] of ['free-queries', 'free-queries/validation'].flatMap((name) =>
    ['en', 'zh'].map((code) => [name, code] as const),
  )) {
    const task = await emojiProtocols(protocol, language)
    t.true(task.texts.length >= 100, `${protocol} ${language}: ${task.texts.length}`)
    t.is(task.images.length, 1494)
    t.true(new Set(task.kinds).size >= 8)
    for (const [i, images] of task.positives.entries()) t.true(images.length <= 0.05 * task.images.length, task.texts[i])
  }
})
