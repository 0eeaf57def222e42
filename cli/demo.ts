import { z } from 'zod'
import { defaultCorpus } from '../corpora/emoji/embedded.ts'
import { parseDtypes } from '../export/dtypes.ts'
import { openRunData } from '../run/run-data.ts'
import { trainedOn } from '../run/trained-on.ts'
import { buildDemo } from '../web/demo.ts'
import { serveSite } from '../web/site/server.ts'
import type { Command } from './command.ts'
import { dataOptions, languageList } from './options.ts'

const schema = z.object({
  model: z.string().describe('folder of an exported model, or of a run that has one'),
  corpus: dataOptions.corpus,
  imagesDir: dataOptions.imagesDir,
  protocol: z.string().optional().describe('which of the corpus (default: its test split; for emoji unseen-style/openmoji)'),
  languages: languageList
    .optional()
    .describe(
      "languages of the page, BCP 47 (default: those of the model's run, else of English and Chinese what the corpus has, else its first two)",
    ),
  limit: z.int().positive().default(2000).describe('pictures at most'),
  dtypes: z.array(z.string()).min(1).optional().describe('number formats to offer (default: all of the folder)'),
  title: z.string().optional().describe('title of the page'),
  out: z.string().default('runs/demo').describe('folder to write the site to'),
  port: z.int().min(0).max(65535).default(8080).describe('port to serve it on'),
  buildOnly: z.boolean().default(false).describe('build the site and serve nothing'),
})

export const demo: Command<typeof schema> = {
  name: 'demo',
  description: 'Build a page that searches pictures in the browser, and serve it on this computer.',
  schema,
  examples: ['demo --model runs/distill', 'demo --model runs/distill/export --corpus photos.csv --languages en,de --out site --buildOnly'],
  async run({ port, buildOnly, dtypes, ...options }) {
    const { open, languages } = await openRunData(options, await trainedOn(options.model), { corpus: defaultCorpus })
    const { pictures, formats } = await buildDemo(open, { ...options, languages, dtypes: dtypes && parseDtypes(dtypes) })
    console.log(
      `${options.out}: ${pictures.count} pictures, ${formats.map(({ dtype }) => dtype).join(', ')}. Any static web server can serve it, in any folder.`,
    )
    if (buildOnly) return
    const server = await serveSite(options.out, { port })
    console.log(`${server.url}  (stop with Ctrl-C)`)
    await new Promise<void>((done) => process.once('SIGINT', done).once('SIGTERM', done))
    await server.close()
  },
}
