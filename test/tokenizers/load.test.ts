import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

const CAPTIONS = ['a red apple', 'a red pear', '红苹果', '红梨']

test('a batch is cut and padded to one length, the end token always last', async (t) => {
  const dir = await folder(t)
  await writeTokenizer(dir, trainTokenizer(CAPTIONS, { vocabSize: 260, contextLength: 6 }))
  t.deepEqual((await readdir(dir)).sort(), ['tokenizer.json', 'tokenizer_config.json'])
  const tokenizer = await loadTokenizer(dir)
  t.like(tokenizer, { vocabSize: 260, contextLength: 6, padId: 0, bosId: 1, eosId: 3 })
  const id = (character: string) => 4 + character.charCodeAt(0) // bytes alone: Ġ a b c …
  const { inputIds, attentionMask } = tokenizer.encodeBatch(['ab', '', 'abcdefgh', 'abc'])
  const [space, a, b, c] = [id(' '), id('a'), id('b'), id('c')] as const
  t.deepEqual([...inputIds], [1, space, a, b, 3, 0, 1, 3, 0, 0, 0, 0, 1, space, a, b, c, 3, 1, space, a, b, c, 3])
  t.deepEqual([...attentionMask], [1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
  t.deepEqual(tokenizer.encode('abcdefgh'), [1, space, a, b, c, 3])
  t.deepEqual([...tokenizer.encodeBatch(['abc', 'a'], 4).inputIds], [1, space, a, 3, 1, space, a, 3])
  t.deepEqual(tokenizer.encodeBatch([]).inputIds, new Int32Array(0))
  // Padded to the longest, if that is shorter.
  const { inputIds: short, length } = tokenizer.encodeBatch(['ab', 'a'], 6, 'longest')
  t.deepEqual([length, ...short], [5, 1, space, a, b, 3, 1, space, a, 3, 0])
  t.deepEqual([tokenizer.encodeBatch(['abcdefgh'], 4, 'longest').length, tokenizer.encodeBatch(['a'], 5).length], [4, 5])
})

test('what a caller does with the ids leaves the next answer alone', async (t) => {
  const tokenizer = await loadTokenizer(await smallTokenizer(t))
  const ids = tokenizer.encode('red')
  const expected = [...ids]
  ids.fill(0)
  t.deepEqual(tokenizer.encode('red'), expected)
})

test('lone surrogates and special tokens inside a text do not break anything', async (t) => {
  const tokenizer = await loadTokenizer(await smallTokenizer(t))
  t.deepEqual(tokenizer.encode('\ud83d'), tokenizer.encode('\ufffd'))
  t.is(tokenizer.encode('a <pad> b').at(-1), 3)
})

test('tokenizers that call their ends cls and sep', async (t) => {
  const dir = await folder(t)
  const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'red', 'dog', '##s']
  await writeJson(dir, 'tokenizer.json', wordPiece(tokens))
  await writeJson(dir, 'tokenizer_config.json', {
    tokenizer_class: 'BertTokenizer',
    pad_token: '[PAD]',
    unk_token: '[UNK]',
    cls_token: { content: '[CLS]' },
    sep_token: '[SEP]',
    model_max_length: 1e30,
  })
  const tokenizer = await loadTokenizer(dir)
  t.like(tokenizer, { vocabSize: 7, padId: 0, bosId: 2, eosId: 3, contextLength: 77 })
  t.deepEqual([...tokenizer.encodeBatch(['red dogs', 'cat'], 4).inputIds], [2, 4, 5, 3, 2, 1, 3, 0])
})

test('a tokenizer that ends texts with nothing is only cut', async (t) => {
  const dir = await folder(t)
  await writeJson(dir, 'tokenizer.json', { ...wordPiece(['[PAD]', '[UNK]', 'red', 'dog']), post_processor: null })
  await writeJson(dir, 'tokenizer_config.json', { pad_token: '[PAD]', unk_token: '[UNK]' })
  const tokenizer = await loadTokenizer(dir)
  t.like(tokenizer, { bosId: null, eosId: null })
  t.deepEqual([...tokenizer.encodeBatch(['red dog red'], 2).inputIds], [2, 3])
})

test('bad folders', async (t) => {
  const dir = await folder(t)
  const fails = (expected: Expected) => throwsUserError(t, () => loadTokenizer(dir), expected)
  await throwsUserError(t, () => loadTokenizer(join(dir, 'none')), { where: /none/, got: 'nothing' })
  await fails({ where: /tokenizer_config\.json/, got: /no such file/ })
  await writeJson(dir, 'tokenizer_config.json', { pad_token: '[PAD]' })
  await fails({ where: /tokenizer\.json/, got: /no such file/ })
  await writeFile(join(dir, 'tokenizer.json'), '{"model": ')
  await fails({ where: /tokenizer\.json/, expected: 'JSON' })
  await writeJson(dir, 'tokenizer.json', [])
  await fails({ got: /an array/ })
  await writeJson(dir, 'tokenizer.json', {})
  await fails({ where: /tokenizer\.json/, expected: /a tokenizer that transformers\.js can load/ })
  await writeJson(dir, 'tokenizer.json', wordPiece(['[UNK]', 'red']))
  await fails({ where: /tokenizer_config\.json/, got: /"\[PAD\]"/ })
  await writeJson(dir, 'tokenizer_config.json', {})
  await fails({ expected: /a pad_token/, got: 'none' })
  await throwsUserError(t, () => loadTokenizer(join(dir, 'tokenizer.json')), { got: /a file/ })
})

async function folder(t: ExecutionContext): Promise<string> {
  const dir = await temporaryFolder(t)
  return dir
}

async function smallTokenizer(t: ExecutionContext): Promise<string> {
  const dir = await folder(t)
  await writeTokenizer(dir, trainTokenizer(CAPTIONS, { vocabSize: 280 }))
  return dir
}

function writeJson(dir: string, name: string, value: object): Promise<void> {
  return writeFile(join(dir, name), JSON.stringify(value))
}

function wordPiece(tokens: string[]): object {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
  const ends = Object.fromEntries(['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [tokens.indexOf(id)], tokens: [id] }]))
  return {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: tokens.includes('[CLS]')
      ? {
          type: 'TemplateProcessing',
          single: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, special('[SEP]')],
          pair: [],
          special_tokens: ends,
        }
      : null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  }
}
