import { mkdir } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { UserError } from '../base/errors.ts'
import { languageOf } from '../corpora/language.ts'
import type { Language } from '../corpora/sample.ts'
import { emojiClassLanguages } from '../eval/emoji-classes.ts'
import { headlineOf } from '../eval/headline.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { locateModel } from '../models/open-model.ts'
import { writeReport } from '../report/json.ts'
import { type Contender, folderContender, onnxContender } from '../report/measure/contenders.ts'
import { evaluateModels } from '../report/measure/evaluate.ts'
import { provenance } from '../report/provenance.ts'
import { commandLine } from '../run/command-line.ts'
import { openRunData, usualData } from '../run/run-data.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { trainedOn } from '../run/trained-on.ts'
import { trainingLogs } from '../run/training-logs.ts'
import type { Evaluated } from './distill.ts'
import { roleOf } from './role.ts'
import { type EvaluateSettings, evaluateSettings } from './settings/evaluate.ts'

/**
 * Measures a model per language, beside its teacher where one is named, and writes the report to `out`.
 * @throws UserError for settings, data and models that do not fit, before anything is measured
 */
export async function evaluate(settings: EvaluateSettings): Promise<Evaluated> {
  const { open, ...data } = await openRunData(settings, await trainedOn(settings.model), usualData)
  const config = { ...settings, ...data }
  const { out, seed, threads } = config
  const all = config.knownSet ? [headlineOf(open.protocols)!] : open.protocols
  const protocols = config.protocol ?? all
  for (const protocol of protocols) open.languagesOf(protocol) // an unknown protocol fails before any work
  const classLanguages = config.classLanguages.map((language) => classLanguage(language, open.corpus.name))
  const training = await trainingLogs(config.model) // a damaged log fails before any work
  const models: Contender[] = []
  try {
    if (config.teacher) models.push(await onnxContender('teacher', teacherFolder(config.teacher), { threads }))
    models.push(await openMeasured(config.model, config))
    await mkdir(out, { recursive: true }) // and so does a folder that cannot be written
    const { report: measured, ranks, material } = await evaluateModels(models, { ...config, open, protocols, classLanguages })
    const report = {
      schema: 1 as const,
      ...measured,
      provenance: provenance({ config, seed }),
      commands: [commandLine('evaluate', evaluateSettings, config)],
    }
    const title = `Evaluation of ${basename(resolve(config.model))}`
    const files = await writeReport(out, report, { ranks, material: { ...material, title, training } })
    return { report, files }
  } finally {
    for (const { encoder } of models) await encoder.release()
  }
}

interface Opening {
  teacher?: string
  dtype?: ModelDtype
  threads?: number
}

/** The model in the row of its role: a teacher's is `teacher`, unless another teacher stands beside it. */
async function openMeasured(dir: string, { teacher, dtype, threads }: Opening): Promise<Contender> {
  const { kind, folder } = await locateModel(teacherFolder(dir), dtype)
  const role = teacher ? 'student' : await roleOf(dir, folder)
  return kind === 'onnx' ? onnxContender(role, folder, { dtype, threads }) : folderContender(role, folder, { threads })
}

function classLanguage(written: string, corpus: string): Language {
  const language = languageOf(written, '--class-languages')
  if (corpus !== 'emoji' || emojiClassLanguages().includes(language)) return language
  throw new UserError({
    where: '--class-languages',
    expected: `languages that emoji classes have names in (${emojiClassLanguages().join(', ')})`,
    got: language,
    hint: 'Leave it out.',
  })
}
