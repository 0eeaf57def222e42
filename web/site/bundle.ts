import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const sources = fileURLToPath(new URL('..', import.meta.url))

/**
 * The page's files are translated one by one and stay apart: they find each other by relative addresses, packages through the import map. What they share
 * with Node becomes a part of them.
 */
const keepApart: Plugin = {
  name: 'keep-apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^/ }, ({ path, kind, resolveDir }) => {
      const isShared = path.startsWith('.') && !join(resolveDir, path).startsWith(sources)
      return kind === 'entry-point' || isShared ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true }
    })
  },
}

/** Translates modules of web/, named without their ending, into `dir`. */
export async function bundleModules(dir: string, names: string[]): Promise<void> {
  await build({
    entryPoints: names.map((name) => join(sources, `${name}.ts`)),
    outdir: dir,
    outbase: sources,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    plugins: [keepApart],
    logLevel: 'silent',
    tsconfigRaw: {}, // a tsconfig.json of the user's folder is none of ours
  })
}
