/**
 * Lets Node run the sources of a clone: `node --import ./build/typescript.mjs cli/main.ts`. Node 22.18 and later strip
 * types of themselves; an older one is given amaro, the same code as a package.
 */
import { register } from 'node:module'

if (!process.features.typescript) register('./typescript-hooks.mjs', import.meta.url)
