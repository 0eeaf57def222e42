import { type OpenCorpus, openCorpus } from '../../corpora/open.ts'
import { prepareTask, runTask } from '../../eval/retrieval-tasks.ts'
import type { Encoder } from '../../models/encoder.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import type { Measures, Site } from './job.ts'
import type { Place } from './place.ts'

export interface RecallWork {
  protocols: string[]
}

/** The teacher's own mean recall, which retention is a share of. */
export async function recallJob({ protocols }: RecallWork, { place }: Site): Promise<Measures> {
  const open = await openCorpus(place.corpus, { languages: place.languages })
  const teacher = await openOnnxFolder(place.teacher, { threads: place.threads })
  try {
    return await protocolRecall(open, protocols, place, teacher)
  } finally {
    await teacher.release()
  }
}

/** Mean recall per protocol and language, `PROTOCOL.LANG`. */
export async function protocolRecall(open: OpenCorpus, protocols: readonly string[], place: Place, encoder: Encoder): Promise<Measures> {
  const measures: Measures = {}
  for (const protocol of protocols) {
    for (const language of place.languages) {
      const prepared = await prepareTask(await open.task(protocol, language), encoder, place.cacheDir)
      measures[`${protocol}.${language}`] = (await runTask(encoder, prepared)).metrics.mean_recall
      prepared.pixels.close()
    }
  }
  return measures
}
