import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { emojiNames } from '../../corpora/emoji/names.ts'
import { preset } from '../../models/config.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { modelEncoder } from '../../models/encoder.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'
import { loadTrainingSet } from '../../training/data/training-set.ts'
import { startFromTeacher } from '../../training/text-init.ts'

const teacherDir = new URL('../../models/teachers/bridged', import.meta.url).pathname

test("a text tower that begins with the teacher's vectors of its tokens is near the teacher before the first step", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'distilingual-text-init-'))
  const teacher = await openOnnxFolder(teacherDir, { threads: 1 })
  try {
    const { texts } = await loadTrainingSet(emojiNames(['en', 'zh']), 'train', ['en', 'zh'])
    await writeTokenizer(join(dir, 'words'), trainTokenizer(texts, { vocabSize: 3000 }))
    const tokenizer = await loadTokenizer(join(dir, 'words'))
    const { vocabSize, contextLength } = tokenizer
    const sample = texts.filter((_, i) => i % 20 === 0)
    const wanted = await teacher.encodeTexts(sample)
    const cosine = async (begin: boolean) => {
      const model = createDualEncoder(preset('tiny', { vocabSize, contextLength, embedDim: teacher.embedDim }), 1)
      if (begin) await startFromTeacher({ model, tokenizer, tokenizerDir: dir }, teacher, join(dir, 'cache'))
      const student = await modelEncoder('student', model, tokenizer, { threads: 1 })
      const got = await student.encodeTexts(sample)
      await student.release()
      return got.reduce((sum, value, i) => sum + value * wanted[i]!, 0) / sample.length
    }
    const [random, begun] = [await cosine(false), await cosine(true)]
    t.log(`cosine ${random.toFixed(3)} at random, ${begun.toFixed(3)} from the teacher's words`)
    t.true(Math.abs(random) < 0.15, `${random}`)
    t.true(begun >= 0.3, `${begun}`)
    const other = createDualEncoder(preset('tiny', { vocabSize, contextLength, embedDim: teacher.embedDim + 1 }), 1)
    const error = await t.throwsAsync(startFromTeacher({ model: other, tokenizer, tokenizerDir: dir }, teacher, dir), { instanceOf: UserError })
    t.is(error.fields.where, '--text-init pca')
    t.is(error.fields.got, `${teacher.embedDim + 1}`)
  } finally {
    await teacher.release()
    await rm(dir, { recursive: true })
  }
})
