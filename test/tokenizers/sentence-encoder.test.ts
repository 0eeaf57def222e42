import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { loadTokenizer } from '../../tokenizers/load.ts'

/** A folder with the sentence encoder's tokenizer: the teacher's that ships, or one that bench/towers/convert.py wrote. */
const folder = process.env.SENTENCE_ENCODER ?? fileURLToPath(new URL('../../models/teachers/bridged', import.meta.url))
const loading = loadTokenizer(folder)

/** Texts with the ids that the encoder's own package gives them, by bench/towers/check.py --pieces. */
const pieces = JSON.parse(readFileSync(new URL('sentence-encoder.json', import.meta.url), 'utf8')) as Record<string, [string, ...number[]][]>

for (const [language, rows] of Object.entries(pieces)) {
  test(`the package's own pieces: ${language}`, async (t) => {
    const tokenizer = await loading
    const { exceptions } = JSON.parse(readFileSync(join(folder, 'ids.json'), 'utf8')) as { exceptions: Record<string, number> }
    t.true(rows.length > 20)
    for (const [text, ...expected] of rows) {
      t.deepEqual(
        tokenizer.encode(text).map((id) => exceptions[id] ?? id),
        expected,
        text,
      )
    }
  })
}

test('texts begin with <s> and end with </s>, cut ones too, and no text holds the padding', async (t) => {
  const tokenizer = await loading
  t.deepEqual([tokenizer.bosId, tokenizer.eosId], [1, 2])
  const long = tokenizer.encode('a dog and a cat '.repeat(200))
  t.is(long.length, tokenizer.contextLength)
  t.deepEqual([long[0], long.at(-1)], [1, 2])
  t.false(Object.values(pieces).some((rows) => rows.some(([, ...ids]) => ids.includes(tokenizer.padId))))
})

test('neighbouring unknown characters stay apart', async (t) => {
  const tokenizer = await loading
  t.is(tokenizer.encode('龘龘龘').filter((id) => id === 128_000).length, 3)
})
