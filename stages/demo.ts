import { defaultCorpus } from '../corpora/emoji/embedded.ts'
import { parseDtypes } from '../export/dtypes.ts'
import { findExport } from '../export/model-files.ts'
import { verifyModelFolder } from '../models/verify.ts'
import { openRunData } from '../run/run-data.ts'
import { writeSkipped } from '../run/skipped.ts'
import { trainedOn } from '../run/trained-on.ts'
import { buildDemo } from '../web/site/demo.ts'
import type { DemoSettings } from './settings/demo.ts'

/** Builds the demo's site for the data of the model's run, or what the settings name. Throws UserError as buildDemo does. */
export async function makeDemo({ dtype, verify, port: _, buildOnly: __, ...options }: DemoSettings): ReturnType<typeof buildDemo> {
  if (verify) await verifyModelFolder(findExport(options.model), true)
  const { open, languages } = await openRunData(options, await trainedOn(options.model), { corpus: defaultCorpus })
  const built = await buildDemo(open, { ...options, languages, dtypes: dtype && parseDtypes(dtype) })
  await writeSkipped(options.out, open.corpus)
  return built
}
