/** Writes a trained model as an ONNX folder for transformers.js: node export-model.mjs runs/mine */
import { exportModel } from 'distilingual'

const [model = 'runs/mine', out = 'runs/exported'] = process.argv.slice(2)
const { dir, sizes } = await exportModel({ model, out, dtype: ['fp32', 'q8'] })
for (const { dtype, bytes } of sizes) console.log(`${dir}, ${dtype}: ${bytes.vision_model + bytes.text_model} bytes`)
