import { basename, resolve } from 'node:path'
import { mkdir } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { languageOf } from '../corpora/language.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import type { Language } from '../corpora/sample.ts'
import { headlineOf } from '../eval/headline.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { locateModel } from '../models/open-model.ts'
import { verifyModel } from '../models/verify.ts'
import { writeReport } from '../report/json.ts'
import { evaluateModels } from '../report/measure/evaluate.ts'
import { folderEntry, type ModelEntry, onnxEntry } from '../report/measure/model-entry.ts'
import { provenance } from '../report/provenance.ts'
import { commandLine } from '../run/command-line.ts'
import { openRunData, usualData } from '../run/run-data.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { writeSkipped } from '../run/skipped.ts'
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
  if (settings.verify) await verifyModel(teacherFolder(settings.model), { dtype: settings.dtype, required: true })
  const { open, ...data } = await openRunData(settings, await trainedOn(settings.model), usualData)
  const config = { ...settings, ...data }
  const { out, seed, threads } = config
  const all = config.knownSet ? [headlineOf(open.protocols, open.headlineProtocols)!] : open.protocols
  const protocols = config.protocol ?? all
  for (const protocol of protocols) open.languagesOf(protocol) // an unknown protocol fails before any work
  const classLanguages = config.classLanguages.map((language) => classLanguage(language, open))
  const training = await trainingLogs(config.model) // a damaged log fails before any work
  const models: ModelEntry[] = []
  try {
    if (config.teacher) models.push(await onnxEntry('teacher', teacherFolder(config.teacher), { threads }))
    models.push(await openMeasured(config.model, config))
    await mkdir(out) // and so does a folder that cannot be written
    await writeSkipped(out, open.corpus)
    const { report: measured, ranks, material } = await evaluateModels(models, { ...config, open, protocols, classLanguages })
    const report = {
      schema: 1 as const,
      ...measured,
      provenance: provenance({ config, seed }),
      commands: [commandLine('evaluate', evaluateSettings, config)],
    }
    const title = `Evaluation of ${basename(resolve(config.model))}`
    const files = await writeReport(out, report, { ranks, also: config.also, material: { ...material, title, training } })
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
async function openMeasured(dir: string, { teacher, dtype, threads }: Opening): Promise<ModelEntry> {
  const { kind, folder } = await locateModel(teacherFolder(dir), dtype)
  const role = teacher ? 'student' : await roleOf(dir, folder)
  return kind === 'onnx' ? onnxEntry(role, folder, { dtype, threads }) : folderEntry(role, folder, { threads })
}

function classLanguage(written: string, { corpus, classifications }: OpenCorpus): Language {
  const language = languageOf(written, '--class-languages')
  if (classifications.some(({ languages }) => languages?.includes(language) ?? true)) return language
  const known = classifications.flatMap(({ languages = [] }) => languages)
  throw new UserError({
    where: '--class-languages',
    expected: `languages that classes of ${corpus.name} have names in (${[...new Set(known)].join(', ')})`,
    got: language,
    hint: 'Leave it out.',
  })
}
