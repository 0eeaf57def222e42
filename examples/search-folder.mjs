/** Finds the pictures of a folder that fit a text: node search-folder.mjs runs/mine/export ~/Pictures "a dog" */
import { searchFolder } from 'distilingual'

const [model = 'runs/mine/export', images = '.', query = 'a dog'] = process.argv.slice(2)
const { hits, skipped } = await searchFolder({ model, images, query, top: 5 })
for (const { score, path } of hits) console.log(`${score.toFixed(3)}  ${path}`)
for (const { path, reason } of skipped) console.log(`left out ${path}: ${reason}`)
