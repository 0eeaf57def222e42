/** Compares a picture with texts: node open-model.mjs runs/mine/export photo.jpg "a dog" "a cat" */
import { openModel } from 'distilingual'

const [dir = 'runs/mine/export', picture = 'photo.jpg', ...texts] = process.argv.slice(2)
const model = await openModel(dir, { dtype: 'q8' })
try {
  const [image] = await model.embedImages([picture])
  const words = await model.embedTexts(texts)
  const cosines = words.map((vector) => vector.reduce((sum, value, i) => sum + value * image[i], 0))
  for (const [i, text] of texts.entries()) console.log(`${cosines[i].toFixed(3)}  ${text}`)
} finally {
  await model.release()
}
