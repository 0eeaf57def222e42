import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import { type OpenCorpus, openCorpus } from '../corpora/open.ts'
import { requireDevice } from '../engine/compile.ts'
import { requireValidation } from '../eval/validation.ts'
import { addToCard } from '../export/card-section.ts'
import { parseDtypes } from '../export/dtypes.ts'
import { parseMaxDrop } from '../export/gate.ts'
import { exportFolder } from '../export/package.ts'
import type { Encoder } from '../models/encoder.ts'
import { readModelFolder } from '../models/folder.ts'
import { openTeacher } from '../models/onnx/open-folder.ts'
import { recallSection, recallTitle } from '../report/card.ts'
import { renderConsole } from '../report/console.ts'
import { writeReport } from '../report/json.ts'
import { evaluateModels } from '../report/measure/evaluate.ts'
import { folderEntry, type ModelEntry, onnxEntry } from '../report/measure/model-entry.ts'
import { provenance } from '../report/provenance.ts'
import { cardData } from '../run/card-data.ts'
import { decodeProtocols, validationTasks } from '../run/run-data.ts'
import { inRunFolder } from '../run/run-folder.ts'
import { trainingLogs } from '../run/training-logs.ts'
import { calibrationSet } from '../stages/calibration.ts'
import { trainScratch } from '../stages/scratch.ts'
import { runStage1 } from '../stages/stage1.ts'
import { runStage2, stage2Settings } from '../stages/stage2.ts'
import { checkStage1, stage1Settings } from '../training/stage1-settings.ts'
import type { Command } from './command.ts'
import { commandLine } from './command-line.ts'
import { corpusOptions, maxDropOption, runOptions, teacherFolder, teacherOption, teacherScaleOption } from './options.ts'

const schema = z.object({
  ...corpusOptions,
  teacher: teacherOption,
  teacherScale: teacherScaleOption,
  stage1: stage1Settings.prefault({}),
  stage2: stage2Settings.prefault({}),
  protocol: z.array(z.string()).optional().describe('protocols of the final evaluation (default: for emoji all, for a file its splits but train)'),
  dtypes: z.array(z.string()).default(['fp32', 'fp16', 'q8']).describe('number formats of the export'),
  maxDrop: maxDropOption,
  baseline: z.boolean().default(false).describe('also train a student of the same size and budget without a teacher (best of three learning rates)'),
  out: z.string().default('runs/distill').describe('run folder'),
  ...runOptions,
})
type Config = z.output<typeof schema>

export const distill: Command<typeof schema> = {
  name: 'distill',
  description: 'The main job: teacher features → stage 1 → stage 2 → evaluation per language → ONNX export → report.',
  schema,
  async run(config) {
    const { corpus, imagesDir, languages, out, resume, force, dtypes } = config
    const formats = parseDtypes(dtypes)
    const maxDrop = parseMaxDrop(config.maxDrop ?? [], formats)
    requireDevice(config.stage2)
    checkStage1(config.stage1, config.teacherScale) // a slip of the pen shall leave no run folder
    const open = await openCorpus(corpus, { languages, imagesDir })
    requireValidation(open, languages)
    for (const protocol of config.protocol ?? []) open.languagesOf(protocol)
    const teacher = await openTeacher(teacherFolder(config.teacher), { threads: config.stage1.threads, logitScale: config.teacherScale })
    const size = teacher.imageSize
    await inRunFolder(out, { command: 'distill', ...config }, { resume, force }, async () => {
      await decodeProtocols({ open, languages }, config.protocol ?? open.protocols, size, config.cacheDir)
      await trainStages(config, open, teacher)
    })
    const student = join(out, 'stage2', 'student')

    const data = { open, languages }
    // Layers that would cost a language more stay in fp32.
    const gate = { tasks: await validationTasks(data, size, config.cacheDir), maxDrop }
    await exportFolder(await readModelFolder(student), {
      tokenizerDir: student,
      out: join(out, 'export'),
      dtypes: formats,
      gate,
      keepFp32: 'auto',
      calibration: formats.includes('int8') ? await calibrationSet(data, size) : undefined,
      card: cardData(data, config),
      force: true,
    })
    await report(config, open)
    console.log(`Search with it:\n  npx distilingual search --model ${join(out, 'export')} --images FOLDER "自行车"`)
  },
}

async function trainStages({ out, languages, cacheDir, resume, baseline, ...settings }: Config, open: OpenCorpus, teacher: Encoder): Promise<void> {
  const [first, second] = [join(out, 'stage1'), join(out, 'stage2')]
  const common = { open, languages, cacheDir, resume }
  // A finished stage has its model folder: a resumed run goes past it.
  if (!finished(first)) await runStage1({ ...common, teacher, settings: settings.stage1, dir: first })
  await teacher.release()
  const studentDir = join(first, 'student')
  if (!finished(second))
    await runStage2({ ...common, model: await readModelFolder(studentDir), tokenizerDir: studentDir, settings: settings.stage2, dir: second })
  if (baseline) await trainScratch({ ...common, studentDir, stage1: settings.stage1, stage2: settings.stage2, dir: join(out, 'scratch') })
}

function finished(dir: string): boolean {
  return existsSync(join(dir, 'student', 'config.json'))
}

/** Measures teacher, student after each stage, and scratch where trained; writes and prints the report. */
async function report(config: Config, open: OpenCorpus): Promise<void> {
  const { out, languages, cacheDir } = config
  const { init, student } = config.stage1
  const options = { threads: config.stage1.threads, name: init ? basename(resolve(init)) : student }
  const { seed } = config.stage1
  const entries: ModelEntry[] = [
    await onnxEntry('teacher', teacherFolder(config.teacher), { threads: config.stage1.threads }),
    await folderEntry('student', join(out, 'stage2', 'student'), options),
    ...(await exported(config)),
    await folderEntry('student-stage1', join(out, 'stage1', 'student'), options),
  ]
  if (config.baseline) entries.push(await folderEntry('scratch', join(out, 'scratch', 'student'), options))
  try {
    const {
      report: measured,
      ranks,
      material,
    } = await evaluateModels(entries, { open, protocols: config.protocol ?? open.protocols, languages, cacheDir, seed })
    const found = {
      schema: 1 as const,
      ...measured,
      provenance: provenance({ config, seed, device: config.stage1.device }),
      commands: [commandLine(distill, config)],
    }
    const training = await trainingLogs(out)
    const files = await writeReport(out, found, { ranks, material: { ...material, title: `Distillation of ${options.name}`, training } })
    await addToCard(join(out, 'export'), recallTitle, recallSection(found))
    console.log(renderConsole(found))
    console.log(`${files.join('\n')}\n`)
  } finally {
    for (const { encoder } of entries) await encoder.release()
  }
}

/** The student's smaller formats. q8 is what ships to browsers and stands in every table, the others only where the report looks closely. */
async function exported({ out, dtypes, stage1 }: Config): Promise<ModelEntry[]> {
  const found: ModelEntry[] = []
  for (const dtype of parseDtypes(dtypes)) {
    if (dtype === 'fp32') continue // the training graph, with which the file was found to agree
    const entry = await onnxEntry('student', join(out, 'export'), { threads: stage1.threads, dtype })
    found.push(dtype === 'q8' ? entry : { ...entry, headlineOnly: true })
  }
  return found
}
